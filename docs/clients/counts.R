# Patients and infusions by centre and category, as a data frame.
address <- Sys.getenv("SWECAR", "http://127.0.0.1:8000")

# Rows, with base R alone:
counts <- read.csv(paste0(address, "/api/v1/counts.csv?by=centre,category&measures=patients,infusions"))
print(xtabs(patients ~ centre + category, counts))

# JSON-stat, with labels in Swedish (install.packages("rjstat")):
# library(rjstat)
# counts <- fromJSONstat(paste0(address, "/api/v1/counts.json-stat?by=centre,category&lang=sv"))
