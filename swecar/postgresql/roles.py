"""The roles that processes connect to PostgreSQL as. The owner of the tables migrates and does nothing else."""

CLINIC = "swecar_clinic"  # APP_ROLE=clinic: the pages and the API for those who sign in
WORKER = "swecar_worker"  # APP_ROLE=worker and beat: publishes, imports, deletes what has expired
PUBLIC = "swecar_public"  # APP_ROLE=public: reads what is published
ROLES = (CLINIC, WORKER, PUBLIC)
IMPORTER = "swecar_importer"  # nobody connects as it: the worker becomes it to judge what somebody has uploaded
OF_PROCESS = {"clinic": CLINIC, "public": PUBLIC, "worker": WORKER, "beat": WORKER}
