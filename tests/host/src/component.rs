//! One component of the application: its instances, and what each may reach.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use wasmtime::component::{GuestTaskId, Linker, ResourceTable};
use wasmtime::{Engine, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::allowed_hosts::AllowedHosts;
use crate::hooks::Hooks;
use crate::interfaces::{self, Grants};
use crate::kv::Store;
use crate::logs::Log;

/// How long an instance lives.
#[derive(Debug, Clone, Copy)]
pub struct Reuse {
    /// Requests an instance serves in all.
    pub total: usize,
    /// Requests an instance serves at once.
    pub concurrent: usize,
    /// How long an instance may be idle.
    pub idle: Duration,
}

/// The host's side of an instance.
pub struct Ctx {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    hooks: Hooks,
    grants: Grants,
}

impl WasiView for Ctx {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Ctx {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Everything a component may import.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<Ctx>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    interfaces::add_to_linker(&mut linker, |ctx: &mut Ctx| &mut ctx.grants)?;
    Ok(linker)
}

/// A component ready to be instantiated.
pub struct Component {
    pub pre: ServicePre<Ctx>,
    pub environment: BTreeMap<String, String>,
    pub allowed_hosts: Arc<AllowedHosts>,
    pub stores: Arc<BTreeMap<String, Arc<Store>>>,
    pub variables: Arc<BTreeMap<String, String>>,
    pub stdout: Log,
    pub stderr: Log,
    pub reuse: Reuse,
}

impl Component {
    fn ctx(&self) -> Ctx {
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdout(self.stdout.clone()).stderr(self.stderr.clone());
        for (name, value) in &self.environment {
            wasi.env(name, value);
        }
        Ctx {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            hooks: Hooks(self.allowed_hosts.clone()),
            grants: Grants::new(self.stores.clone(), self.variables.clone()),
        }
    }
}

impl HandlerState for Component {
    type StoreData = Ctx;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Ctx, Expiration, Worker>> {
        let mut store = wasmtime::Store::new(self.pre.engine(), self.ctx());
        let service = self.pre.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: Ctx::http,
            expiration: Expiration { idle: self.reuse.idle, sleep: Box::pin(tokio::time::sleep(self.reuse.idle)) },
            state: Worker(self.reuse),
        })
    }
}

/// Ends an instance that has been idle too long; a busy one lives on.
pub struct Expiration {
    idle: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        if status != WorkerStatus::Idle {
            return Poll::Pending;
        }
        let Some(deadline) = since.checked_add(self.idle) else {
            return Poll::Pending;
        };
        let deadline = deadline.into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}

/// Decides whether an instance takes one more request.
pub struct Worker(Reuse);

impl WorkerState for Worker {
    type StoreData = Ctx;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.0.total {
            ShouldAccept::Never
        } else if concurrent >= self.0.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    /// Requests have no time limit.
    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Ctx>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: wasmtime::Store<Ctx>, result: wasmtime::Result<()>) {
        if let Err(error) = result {
            eprintln!("worker failed: {error:#}");
        }
        drop(store);
    }
}
