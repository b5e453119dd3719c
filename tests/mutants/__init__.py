"""Mutation testing of the services of points: one change at a time that a test should notice.

mutmut imports a mutated copy of the tree in each of its processes; here that would be a Django and a test
database for every mutant. Instead the tests are collected once, and each mutant is a fork of that
process, in which the code of one function is exchanged.
"""
