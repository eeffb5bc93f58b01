# What the runtime says of its goroutines, and what overhang does.
overhang_e2e_test(goroutines_test)
