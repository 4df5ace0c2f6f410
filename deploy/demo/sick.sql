-- A job that is sick on purpose: sooner or later each of its subtasks divides by zero, and Flink starts it again, and again.
SET 'pipeline.name' = 'sick-orders';
SET 'parallelism.default' = '2';
SET 'execution.checkpointing.interval' = '5 s';
SET 'restart-strategy.type' = 'fixed-delay';
SET 'restart-strategy.fixed-delay.attempts' = '1000000';
SET 'restart-strategy.fixed-delay.delay' = '2 s';

CREATE TABLE orders (id INT, amount INT) WITH (
    'connector' = 'datagen',
    'rows-per-second' = '50',
    'fields.id.min' = '1', 'fields.id.max' = '1000000',
    'fields.amount.min' = '0', 'fields.amount.max' = '500'
);
CREATE TABLE prices (id INT, price INT) WITH ('connector' = 'blackhole');

INSERT INTO prices SELECT id, 1000 / amount FROM orders;
