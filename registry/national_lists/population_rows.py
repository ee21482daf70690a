"""The population on 31 December 2023, by Statistics Sweden: the country, its counties, Halland's municipalities.

A newer year is entered in the administration, or by `manage.py load_populations`. The counties add up to the
country and the municipalities to Halland (tests/test_populations.py).
"""

YEAR = 2023
SOURCE = "SCB, Folkmängd i riket, län och kommuner 31 december 2023"
PERSONS = {
    "00": 10_551_707,
    "01": 2_454_821,
    "03": 404_589,
    "04": 301_944,
    "05": 472_298,
    "06": 368_856,
    "07": 203_686,
    "08": 246_667,
    "09": 61_029,
    "10": 157_973,
    "12": 1_421_781,
    "13": 343_746,
    "14": 1_767_016,
    "17": 283_548,
    "18": 308_116,
    "19": 280_813,
    "20": 287_253,
    "21": 285_642,
    "22": 242_148,
    "23": 132_572,
    "24": 278_729,
    "25": 248_480,
    "1315": 10_299,
    "1380": 105_796,
    "1381": 26_565,
    "1382": 47_108,
    "1383": 68_325,
    "1384": 85_653,
}
