-- 把表分到一个 Citus 集群的几台机器上：装好扩展、启动过一次之后，在协调节点上执行一次；程序和表都不用改（docs/scale.md）。
-- Spreads the tables over the machines of a Citus cluster: once, on the coordinator, after the extension is there and the
-- service has made its tables. Neither the program nor the schema changes. What is not named here stays on the coordinator:
-- what is at work or small. `tests/test_spread.py` proves that keys and statements are such as a cluster takes.

-- A talk and all that is said in it, on one machine.
SELECT create_distributed_table('conversation', 'id');
SELECT create_distributed_table('message', 'conversation', colocate_with => 'conversation');
SELECT create_distributed_table('archive_message', 'conversation', colocate_with => 'conversation');
SELECT create_distributed_table('inbound', 'conversation', colocate_with => 'conversation');

-- Whose talk is which: asked for by the address alone.
SELECT create_distributed_table('correspondent', 'address', colocate_with => 'none');

-- Files: asked for by their own number.
SELECT create_distributed_table('attachment', 'id', colocate_with => 'none');
