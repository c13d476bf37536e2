# Makes pam.json: medoids and losses of cluster::pam and cluster::clara.
#   Rscript tests/golden/pam.R > tests/golden/pam.json
library(cluster)

set.seed(1)
heaps <- function(n, centres, spread) {
  at <- sample(nrow(centres), n, replace = TRUE)
  round(centres[at, ] + rnorm(2 * n, sd = spread), 3)
}
tables <- list(
  apart = heaps(30, rbind(c(0, 0), c(8, 1), c(3, 9)), 1),
  mingled = heaps(60, rbind(c(0, 0), c(2, 1), c(1, 3), c(4, 4)), 1.2),
  even = round(matrix(runif(2 * 45, 0, 10), ncol = 2), 3)
)

json <- function(values) paste0("[", paste(format(values, digits = 17, trim = TRUE, scientific = FALSE),
                                           collapse = ", "), "]")
plain <- function(values) paste0("[", paste(format(values, trim = TRUE), collapse = ", "), "]")
pam_case <- function(table, metric, k) {
  far <- dist(table)
  found <- pam(if (metric == "squared") far^2 else far, k)
  if (any(found$clusinfo[, "size"] == 2)) return(NULL)  # a tie: either point could be the medoid
  paste0('{"metric": "', metric, '", "k": ', k, ', "medoids": ', json(sort(found$id.med) - 1),
         ', "build": ', format(nrow(table) * found$objective[["build"]], digits = 17),
         ', "loss": ', format(nrow(table) * found$objective[["swap"]], digits = 17), "}")
}
clara_case <- function(table, k, size) {
  found <- clara(table, k, sampsize = size, samples = 10, pamLike = TRUE)
  order <- order(found$i.med)
  paste0('{"k": ', k, ', "sample_size": ', size, ', "best_sample": ', json(sort(found$sample) - 1),
         ', "medoids": ', json(found$i.med[order] - 1), ', "labels": ', json(match(found$clustering, order) - 1),
         ', "loss": ', format(nrow(table) * found$objective, digits = 17), "}")
}

cat("{\n")
cat('  "by": "R ', paste(R.version$major, R.version$minor, sep = "."), ", cluster ",
    as.character(packageVersion("cluster")), '",\n', sep = "")
cat('  "tables": {\n')
for (name in names(tables)) {
  table <- tables[[name]]
  cat('    "', name, '": {\n', sep = "")
  cat('      "x": ', plain(table[, 1]), ",\n", '      "y": ', plain(table[, 2]), ",\n", sep = "")
  cases <- unlist(lapply(c("euclidean", "squared"), function(metric)
    lapply(1:6, function(k) pam_case(table, metric, k))))
  cat('      "pam": [\n        ', paste(cases, collapse = ",\n        "), "\n      ],\n", sep = "")
  cases <- c(clara_case(table, 3, 20), clara_case(table, 4, 25), clara_case(table, 3, nrow(table)))
  cat('      "clara": [\n        ', paste(cases, collapse = ",\n        "), "\n      ]\n", sep = "")
  cat(if (name == tail(names(tables), 1)) "    }\n" else "    },\n")
}
cat("  }\n}\n")
