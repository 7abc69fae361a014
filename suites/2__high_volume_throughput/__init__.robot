*** Settings ***
Documentation    Many users at once: rate, latency, order, overload, memory. Whatever is sent is checked reply by reply.

Test Tags        high-volume-throughput
