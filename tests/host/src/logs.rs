//! A component's stdout and stderr: on the console, and in a file of its own.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyhow::Context as _;
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Which of the host's own streams a component's stream goes to.
#[derive(Debug, Clone, Copy)]
pub enum Console {
    Out,
    Err,
    Silent,
}

/// One stream of one component, shared by its instances.
#[derive(Clone)]
pub struct Log {
    file: Option<Arc<File>>,
    console: Console,
}

impl Log {
    /// Appends to `folder/ID_NAME.txt`, if there is a folder, and to the console.
    pub fn open(folder: Option<&Path>, id: &str, name: &str, console: Console) -> anyhow::Result<Self> {
        let file = match folder {
            None => None,
            Some(folder) => {
                let path = folder.join(format!("{id}_{name}.txt"));
                let file = File::options()
                    .create(true)
                    .append(true)
                    .open(&path)
                    .with_context(|| format!("cannot open {}", path.display()))?;
                Some(Arc::new(file))
            }
        };
        Ok(Self { file, console })
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.as_ref().write_all(bytes)?;
        }
        match self.console {
            Console::Out => io::stdout().lock().write_all(bytes),
            Console::Err => io::stderr().lock().write_all(bytes),
            Console::Silent => Ok(()),
        }
    }
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Log {
    async fn ready(&mut self) {}
}

impl OutputStream for Log {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.put(&bytes).map_err(|e| StreamError::LastOperationFailed(e.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}

impl AsyncWrite for Log {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.put(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
