/** Help for tests of runtimes and applications: filled by the model/ work. */
export {}
