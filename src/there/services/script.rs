//! A scripted HTTP server for the tests: real sockets, answers in the order of the script.
