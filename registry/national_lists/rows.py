"""The rows: national lists as reviewed (DOMAIN.md)."""

from datetime import date

from registry.choices import CentreStatus, DatePrecision, Modality, ProductOrigin

ACADEMIC_PRODUCT, TRIAL_PRODUCT = "Akademisk CD19 CAR-T", "Prövningsläkemedel CAR-T"

# code, hospital, city, city in English, county code, region, lat, lon (WGS 84), status
CENTRES = (
    ("UME", "Norrlands universitetssjukhus", "Umeå", "Umeå", "24", "Norra", 63.8175, 20.2983, CentreStatus.ACTIVE),
    ("UPP", "Akademiska sjukhuset", "Uppsala", "Uppsala", "03", "Mellansverige", 59.8472, 17.6403, CentreStatus.ACTIVE),
    ("STO", "Karolinska universitetssjukhuset", "Stockholm", "Stockholm", "01", "Stockholm–Gotland", 59.3522, 18.0322, CentreStatus.ACTIVE),
    ("ORE", "Universitetssjukhuset Örebro", "Örebro", "Örebro", "18", "Mellansverige", 59.2756, 15.2250, CentreStatus.UPCOMING),
    ("LIN", "Universitetssjukhuset i Linköping", "Linköping", "Linköping", "05", "Sydöstra", 58.4014, 15.6208, CentreStatus.ACTIVE),
    ("GOT", "Sahlgrenska universitetssjukhuset", "Göteborg", "Gothenburg", "14", "Västra", 57.6833, 11.9583, CentreStatus.ACTIVE),
    ("LUN", "Skånes universitetssjukhus", "Lund", "Lund", "12", "Södra", 55.7117, 13.1983, CentreStatus.ACTIVE),
)  # fmt: skip

# Products with more than one planned dose: doses, planned and most days between two doses. Aucatzyl is given on
# days 1 and 10 ± 2 (DOMAIN.md), by its product information on day 21 at the latest.
PLANS = {"Aucatzyl": (2, 9, 20)}

ONE_DOSE = (1, None, None)

# brand, INN, ATC, holder, target, authorised on, precision, what is unconfirmed
PRODUCTS = (
    ("Kymriah", "tisagenlecleucel", "L01XL04", "Novartis", "CD19", date(2018, 8, 22), DatePrecision.DAY, ""),
    ("Yescarta", "axicabtagene ciloleucel", "L01XL03", "Kite", "CD19", date(2018, 8, 23), DatePrecision.DAY, "atc"),
    ("Tecartus", "brexucabtagene autoleucel", "L01XL06", "Kite", "CD19", date(2020, 12, 1), DatePrecision.MONTH, ""),
    ("Abecma", "idecabtagene vicleucel", "L01XL07", "Bristol Myers Squibb", "BCMA", date(2021, 8, 18), DatePrecision.DAY, "atc"),
    ("Breyanzi", "lisocabtagene maraleucel", "L01XL08", "Bristol Myers Squibb", "CD19", date(2022, 4, 1), DatePrecision.MONTH, "atc"),
    ("Carvykti", "ciltacabtagene autoleucel", "L01XL05", "Janssen-Cilag", "BCMA", date(2022, 5, 1), DatePrecision.MONTH, ""),
    ("Aucatzyl", "obecabtagene autoleucel", "L01XL12", "Autolus", "CD19", date(2025, 7, 1), DatePrecision.MONTH, ""),
)  # fmt: skip

# Products without a brand name count as products of their own (COUNTING.md, small case 10).
UNNAMED_PRODUCTS = (
    (ACADEMIC_PRODUCT, "CD19", Modality.CAR_T, ProductOrigin.INVESTIGATIONAL),
    (TRIAL_PRODUCT, "CD19", Modality.CAR_T, ProductOrigin.INVESTIGATIONAL),
    ("Prövningsläkemedel TCR-T", "", Modality.TCR_T, ProductOrigin.INVESTIGATIONAL),
)

# key, ICD-10, Swedish, English, what is unconfirmed
INDICATIONS = (
    ("b-all", "C91.0", "Akut lymfatisk B-cellsleukemi", "B-cell acute lymphoblastic leukaemia", ""),
    ("dlbcl", "C83.3", "Diffust storcelligt B-cellslymfom", "Diffuse large B-cell lymphoma", ""),
    ("hgbl", "C83.7", "Höggradigt B-cellslymfom", "High-grade B-cell lymphoma", "icd10"),
    ("pmbcl", "C85.2", "Primärt mediastinalt B-cellslymfom", "Primary mediastinal B-cell lymphoma", ""),
    ("fl", "C82", "Follikulärt lymfom", "Follicular lymphoma", ""),
    ("mcl", "C83.1", "Mantelcellslymfom", "Mantle cell lymphoma", ""),
    ("mm", "C90.0", "Multipelt myelom", "Multiple myeloma", ""),
    ("solid-tumour", None, "Solid tumör", "Solid tumour", ""),
    ("autoimmune", None, "Autoimmun sjukdom", "Autoimmune disease", ""),
    ("other", None, "Annan sjukdom", "Other disease", ""),
)  # fmt: skip

# key, Swedish, English (ATMP.md, "The words")
AREAS = (
    ("oncology", "Onkologi", "Oncology"),
    ("haematology_non_malignant", "Hematologi, ej malign", "Haematology, non-malignant"),
    ("neurology", "Neurologi", "Neurology"),
    ("ophthalmology", "Ögonsjukvård", "Ophthalmology"),
    ("metabolic_and_genetic", "Metabola och genetiska sjukdomar", "Metabolic and genetic diseases"),
    ("immunology", "Immunologi", "Immunology"),
    ("cardiovascular", "Hjärta och kärl", "Cardiovascular diseases"),
    ("dermatology_and_burns", "Hud och brännskador", "Dermatology and burns"),
    ("other", "Annat", "Other"),
)
