"""The rule of vague dates as the recount writes it, apart from the counting's own (publishing/facts.py)."""

# `repeated`: persons with more than one infusion. `known`: for those with a vague date, their last known day in
# each year and month that has one; the vague date moves there unless the infusion is the first (COUNTING.md,
# "Precision").
KNOWN = """
repeated AS MATERIALIZED (
    SELECT patient_id, bool_or(date_precision <> 'day') AS is_vague FROM registry_infusion
    WHERE status = 'submitted' GROUP BY patient_id HAVING count(*) > 1
), known AS MATERIALIZED (
    SELECT patient_id, left(infused_on::text, digits) AS period, max(infused_on) AS last
    FROM registry_infusion JOIN repeated USING (patient_id) CROSS JOIN (VALUES (4), (7)) AS written (digits)
    WHERE status = 'submitted' AND date_precision = 'day' AND is_vague
    GROUP BY patient_id, left(infused_on::text, digits)
)
"""
KNOWN_OF = """
LEFT JOIN known ON known.patient_id = infusion.patient_id AND infusion.kind <> 'first'
     AND known.period = left(infused_on::text, CASE date_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 END)
"""
