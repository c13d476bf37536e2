# Makes daisy.json: Gower dissimilarities as cluster::daisy computes them.
#   Rscript tests/golden/daisy.R > tests/golden/daisy.json
library(cluster)

table <- data.frame(
  number = c(1.5, -2, NA, 7.25, 0, 3, NA, 1.5),
  constant = c(4, 4, 4, NA, 4, 4, 4, 4),
  category = factor(c("a", "b", "a", NA, "c", "c", "b", "a")),
  flag = c(1, 0, NA, 1, 0, 0, 1, 0)
)
weights <- c(2, 0.5, 1, 0.75)
found <- as.matrix(suppressWarnings(daisy(table, metric = "gower", type = list(asymm = "flag"), weights = weights)))

json <- function(values) paste0("[", paste(ifelse(is.na(values), "null", format(values, digits = 17, trim = TRUE)),
                                           collapse = ", "), "]")
codes <- ifelse(is.na(table$category), NA, as.integer(table$category) - 1)
cat("{\n")
cat('  "by": "R ', paste(R.version$major, R.version$minor, sep = "."), ", cluster ",
    as.character(packageVersion("cluster")), '",\n', sep = "")
cat('  "number": ', json(table$number), ",\n", sep = "")
cat('  "constant": ', json(table$constant), ",\n", sep = "")
cat('  "category": ', json(codes), ",\n", sep = "")
cat('  "flag": ', json(table$flag), ",\n", sep = "")
cat('  "weights": ', json(weights), ",\n", sep = "")
cat('  "dissimilarity": [\n    ', paste(apply(found, 1, json), collapse = ",\n    "), "\n  ]\n}\n", sep = "")
