"""Patients and infusions by centre and category, as a pandas frame."""

import os

import pandas

ADDRESS = os.environ.get("SWECAR", "http://127.0.0.1:8000")
frame = pandas.read_csv(f"{ADDRESS}/api/v1/counts.csv?by=centre,category&measures=patients,infusions")
print(frame.pivot_table("patients", "centre", "category", aggfunc="sum", sort=False, fill_value=0))
print("total", frame["total_patients"].iloc[0], frame["total_infusions"].iloc[0])
