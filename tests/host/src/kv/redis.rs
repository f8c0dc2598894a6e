//! The store `type = "redis"`: one multiplexed connection without time-outs, labels ignored.

use anyhow::{Context, Result};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, ToRedisArgs, cmd};
use tokio::sync::OnceCell;

use super::{Answer, Pairs};

/// A Redis or Valkey server, connected to at first use.
pub struct Server {
    client: Client,
    connection: OnceCell<ConnectionManager>,
}

impl Server {
    pub fn new(url: &str) -> Result<Self> {
        let client = Client::open(url).context("the Redis URL is not valid")?;
        Ok(Self { client, connection: OnceCell::new() })
    }

    /// A failed PING is no error: the connection reconnects by itself.
    pub async fn ping(&self) -> Answer<()> {
        let mut connection = self.connection().await?;
        drop(cmd("PING").query_async::<()>(&mut connection).await);
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Answer<Option<Vec<u8>>> {
        self.run(cmd("GET").arg(key)).await
    }

    pub async fn set(&self, key: &str, value: &[u8]) -> Answer<()> {
        self.run(cmd("SET").arg(key).arg(value)).await
    }

    /// Whether anything was deleted.
    pub async fn delete(&self, keys: impl ToRedisArgs) -> Answer<bool> {
        self.run::<u64>(cmd("DEL").arg(keys)).await.map(|n| n > 0)
    }

    pub async fn exists(&self, key: &str) -> Answer<bool> {
        self.run(cmd("EXISTS").arg(key)).await
    }

    pub async fn keys(&self) -> Answer<Vec<String>> {
        self.run(cmd("KEYS").arg("*")).await
    }

    /// Sends what Spin sends, a `KEYS` with many arguments, and so fails as it does.
    pub async fn get_many(&self, keys: &[String]) -> Answer<Pairs> {
        self.run(cmd("KEYS").arg(keys)).await
    }

    pub async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Answer<()> {
        let mut command = cmd("MSET");
        for (key, value) in pairs {
            command.arg(key).arg(value);
        }
        self.run(&mut command).await
    }

    /// The new sum; a counter is decimal text.
    pub async fn increment(&self, key: &str, delta: i64) -> Answer<i64> {
        self.run(cmd("INCRBY").arg(key).arg(delta)).await
    }

    async fn run<T: FromRedisValue>(&self, command: &mut Cmd) -> Answer<T> {
        let mut connection = self.connection().await?;
        command.query_async(&mut connection).await.map_err(|e| e.to_string())
    }

    async fn connection(&self) -> Answer<ConnectionManager> {
        let connect = || async {
            let config = ConnectionManagerConfig::new().set_response_timeout(None).set_connection_timeout(None);
            self.client.get_connection_manager_with_config(config).await
        };
        self.connection.get_or_try_init(connect).await.cloned().map_err(|e| e.to_string())
    }
}
