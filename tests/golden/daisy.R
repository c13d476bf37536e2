# Makes daisy.json: Gower dissimilarities as cluster::daisy computes them.
#   Rscript tests/golden/daisy.R > tests/golden/daisy.json
library(cluster)

levels <- c("info", "warn", "error", "fatal", "never")
table <- data.frame(
  number = c(1.5, -2, NA, 7.25, 0, 3, NA, 1.5, NA, -2, 1e-3, NA),
  large = c(1e6, 1e6 + 1, 1e6 + 2, 1e6, NA, 1e6 + 0.5, 1e6, 1e6, NA, 1e6 + 2, 1e6 + 1.75, NA),
  constant = c(4, 4, 4, NA, 4, 4, 4, 4, NA, 4, 4, NA),
  category = factor(c("a", "b", "a", NA, "c", "c", "b", "a", NA, "b", "d", NA)),
  grade = factor(c("info", "fatal", "warn", "warn", NA, "error", "info", "error", NA, "fatal", "warn", NA),
                 levels = levels, ordered = TRUE),
  flag = c(1, 0, NA, 1, 0, 0, 1, 0, 0, 1, 0, 0),
  rare = c(0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, NA)
)
complete <- table
complete$number[is.na(table$number)] <- 2.5
complete$large[is.na(table$large)] <- 1e6
complete$constant <- 4
complete$category[is.na(table$category)] <- "a"
complete$grade[is.na(table$grade)] <- "warn"
complete$flag[is.na(table$flag)] <- 1
complete$rare[is.na(table$rare)] <- 1

json <- function(values) {
  if (is.factor(values)) {
    values <- paste0('"', values, '"')
    values[values == '"NA"'] <- NA
  }
  text <- if (is.character(values)) values else format(values, digits = 17, trim = TRUE)
  paste0("[", paste(ifelse(is.na(values), "null", text), collapse = ", "), "]")
}
case <- function(name, table, weights, asymmetric) {
  found <- as.matrix(suppressWarnings(
    daisy(table, metric = "gower", type = list(asymm = asymmetric), weights = weights)))
  columns <- paste0('      "', names(table), '": ', sapply(table, json), collapse = ",\n")
  paste0('  "', name, '": {\n    "columns": {\n', columns, '\n    },\n    "weights": ', json(weights),
         ',\n    "dissimilarity": [\n      ', paste(apply(found, 1, json), collapse = ",\n      "), "\n    ]\n  }")
}
cases <- c(
  case("missing cells", table, c(2, 1.25, 0.5, 1, 1.5, 0.75, 1), c("flag", "rare")),
  case("missing cells, equal weights", table, rep(1, 7), c("flag", "rare")),
  case("complete", complete, c(2, 1.25, 0.5, 1, 1.5, 0.75, 1), c("flag", "rare")),
  case("numbers and categories alone", complete[c("number", "large", "constant", "category")], rep(1, 4), character(0))
)
cat("{\n")
cat('  "by": "R ', paste(R.version$major, R.version$minor, sep = "."), ", cluster ",
    as.character(packageVersion("cluster")), '",\n', sep = "")
cat('  "levels": [', paste0('"', levels, '"', collapse = ", "), "],\n", sep = "")
cat(paste(cases, collapse = ",\n"), "\n}\n", sep = "")
