//! What components import besides WASI: key-value stores, variables, configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{Access, Accessor, FutureReader, HasData, Linker, Resource, ResourceTable, StreamReader};

use crate::kv::{Pairs, Store};

mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package dering:host;
            world host {
                import spin:key-value/key-value@3.0.0;
                import spin:variables/variables@3.0.0;
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/batch@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
                import wasi:config/store@0.2.0-draft-2024-09-27;
            }
        ",
        path: [
            "wit/spin-key-value@3.0.0",
            "wit/spin-variables@3.0.0",
            "wit/wasi-keyvalue-0.2.0-draft2",
            "wit/wasi-config-0.2.0-draft",
        ],
        imports: { default: async | trappable },
        with: {
            "spin:key-value/key-value.store": super::Handle,
            "wasi:keyvalue/store.bucket": super::Handle,
            "wasi:keyvalue/atomics.cas": super::Cas,
        },
    });
}

use bindings::spin::key_value::key_value as spin_kv;
use bindings::spin::variables::variables as spin_variables;
use bindings::wasi::config::store as config;
use bindings::wasi::keyvalue::{atomics, batch, store as wasi_kv};

type Fallible<T> = wasmtime::Result<T>;

/// An open store in a component's hands.
pub struct Handle(Arc<Store>);

/// Compare-and-swap, which no component of this project uses: it cannot be made.
pub enum Cas {}

/// What one instance may reach of the application's stores and variables.
pub struct Grants {
    table: ResourceTable,
    /// The stores the component's manifest entry names.
    stores: Arc<BTreeMap<String, Arc<Store>>>,
    variables: Arc<BTreeMap<String, String>>,
}

/// Gives the generated bindings access to [`Grants`].
struct Granted;

impl HasData for Granted {
    type Data<'a> = &'a mut Grants;
}

impl Grants {
    pub fn new(stores: Arc<BTreeMap<String, Arc<Store>>>, variables: Arc<BTreeMap<String, String>>) -> Self {
        Self { table: ResourceTable::new(), stores, variables }
    }

    fn store(&self, handle: &Resource<Handle>) -> Fallible<Arc<Store>> {
        Ok(self.table.get(handle)?.0.clone())
    }
}

/// Adds all interfaces of this module.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    grants: fn(&mut T) -> &mut Grants,
) -> wasmtime::Result<()> {
    spin_kv::add_to_linker::<T, Granted>(linker, grants)?;
    spin_variables::add_to_linker::<T, Granted>(linker, grants)?;
    wasi_kv::add_to_linker::<T, Granted>(linker, grants)?;
    batch::add_to_linker::<T, Granted>(linker, grants)?;
    atomics::add_to_linker::<T, Granted>(linker, grants)?;
    config::add_to_linker::<T, Granted>(linker, grants)
}

fn store_of<T>(accessor: &Accessor<T, Granted>, handle: &Resource<Handle>) -> Fallible<Arc<Store>> {
    accessor.with(|mut access| access.get().store(handle))
}

impl spin_kv::Host for Grants {}

impl spin_kv::HostStore for Grants {
    async fn drop(&mut self, handle: Resource<Handle>) -> Fallible<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl<T: Send> spin_kv::HostStoreWithStore<T> for Granted {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> Fallible<Result<Resource<Handle>, spin_kv::Error>> {
        let Some(store) = accessor.with(|mut access| access.get().stores.get(&label).cloned()) else {
            return Ok(Err(spin_kv::Error::AccessDenied));
        };
        if let Err(message) = store.opened().await {
            return Ok(Err(spin_kv::Error::Other(message)));
        }
        let handle = accessor.with(|mut access| access.get().table.push(Handle(store)));
        Ok(handle.map_err(|_| spin_kv::Error::StoreTableFull))
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        key: String,
    ) -> Fallible<Result<Option<Vec<u8>>, spin_kv::Error>> {
        Ok(store_of(accessor, &handle)?.get(&key).await.map_err(spin_kv::Error::Other))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        key: String,
        value: Vec<u8>,
    ) -> Fallible<Result<(), spin_kv::Error>> {
        Ok(store_of(accessor, &handle)?.set(&key, &value).await.map_err(spin_kv::Error::Other))
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        key: String,
    ) -> Fallible<Result<(), spin_kv::Error>> {
        Ok(store_of(accessor, &handle)?.delete(&key).await.map_err(spin_kv::Error::Other))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        key: String,
    ) -> Fallible<Result<bool, spin_kv::Error>> {
        Ok(store_of(accessor, &handle)?.exists(&key).await.map_err(spin_kv::Error::Other))
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
    ) -> Fallible<(StreamReader<String>, FutureReader<Result<(), spin_kv::Error>>)> {
        let (keys, end) = match store_of(accessor, &handle)?.keys().await {
            Ok(keys) => (keys, Ok(())),
            Err(message) => (Vec::new(), Err(spin_kv::Error::Other(message))),
        };
        accessor.with(|mut access: Access<'_, T, Self>| {
            let keys = StreamReader::new(&mut access, keys)?;
            let end = FutureReader::new(&mut access, async { Ok::<_, wasmtime::Error>(end) })?;
            Ok((keys, end))
        })
    }
}

fn refused(message: String) -> wasi_kv::Error {
    wasi_kv::Error::Other(message)
}

impl wasi_kv::Host for Grants {
    async fn open(&mut self, label: String) -> Fallible<Result<Resource<Handle>, wasi_kv::Error>> {
        let Some(store) = self.stores.get(&label).cloned() else {
            return Ok(Err(wasi_kv::Error::AccessDenied));
        };
        if let Err(message) = store.opened().await {
            return Ok(Err(refused(message)));
        }
        Ok(self.table.push(Handle(store)).map_err(|_| refused("store table full".to_owned())))
    }
}

impl wasi_kv::HostBucket for Grants {
    async fn get(
        &mut self,
        bucket: Resource<Handle>,
        key: String,
    ) -> Fallible<Result<Option<Vec<u8>>, wasi_kv::Error>> {
        Ok(self.store(&bucket)?.get(&key).await.map_err(refused))
    }

    async fn set(
        &mut self,
        bucket: Resource<Handle>,
        key: String,
        value: Vec<u8>,
    ) -> Fallible<Result<(), wasi_kv::Error>> {
        Ok(self.store(&bucket)?.set(&key, &value).await.map_err(refused))
    }

    async fn delete(&mut self, bucket: Resource<Handle>, key: String) -> Fallible<Result<(), wasi_kv::Error>> {
        Ok(self.store(&bucket)?.delete(&key).await.map_err(refused))
    }

    async fn exists(&mut self, bucket: Resource<Handle>, key: String) -> Fallible<Result<bool, wasi_kv::Error>> {
        Ok(self.store(&bucket)?.exists(&key).await.map_err(refused))
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Handle>,
        cursor: Option<String>,
    ) -> Fallible<Result<wasi_kv::KeyResponse, wasi_kv::Error>> {
        if cursor.is_some() {
            return Ok(Err(refused("list_keys: cursor not supported".to_owned())));
        }
        let keys = self.store(&bucket)?.keys().await.map_err(refused);
        Ok(keys.map(|keys| wasi_kv::KeyResponse { keys, cursor: None }))
    }

    async fn drop(&mut self, bucket: Resource<Handle>) -> Fallible<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl batch::Host for Grants {
    async fn get_many(
        &mut self,
        bucket: Resource<Handle>,
        keys: Vec<String>,
    ) -> Fallible<Result<Pairs, wasi_kv::Error>> {
        Ok(self.store(&bucket)?.get_many(keys).await.map_err(refused))
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Handle>,
        pairs: Vec<(String, Vec<u8>)>,
    ) -> Fallible<Result<(), wasi_kv::Error>> {
        Ok(self.store(&bucket)?.set_many(&pairs).await.map_err(refused))
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Handle>,
        keys: Vec<String>,
    ) -> Fallible<Result<(), wasi_kv::Error>> {
        Ok(self.store(&bucket)?.delete_many(keys).await.map_err(refused))
    }
}

impl atomics::Host for Grants {
    async fn increment(
        &mut self,
        bucket: Resource<Handle>,
        key: String,
        delta: i64,
    ) -> Fallible<Result<i64, wasi_kv::Error>> {
        Ok(self.store(&bucket)?.increment(&key, delta).await.map_err(refused))
    }

    async fn swap(&mut self, cas: Resource<Cas>, _: Vec<u8>) -> Fallible<Result<(), atomics::CasError>> {
        match *self.table.get(&cas)? {}
    }
}

impl atomics::HostCas for Grants {
    async fn new(&mut self, _: Resource<Handle>, _: String) -> Fallible<Result<Resource<Cas>, wasi_kv::Error>> {
        Ok(Err(refused("this host has no compare-and-swap".to_owned())))
    }

    async fn current(&mut self, cas: Resource<Cas>) -> Fallible<Result<Option<Vec<u8>>, wasi_kv::Error>> {
        match *self.table.get(&cas)? {}
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> Fallible<()> {
        match *self.table.get(&cas)? {}
    }
}

impl spin_variables::Host for Grants {}

impl<T: Send> spin_variables::HostWithStore<T> for Granted {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Fallible<Result<String, spin_variables::Error>> {
        if !crate::manifest::is_snake(&name) {
            return Ok(Err(spin_variables::Error::InvalidName(name)));
        }
        let value = accessor.with(|mut access| access.get().variables.get(&name).cloned());
        Ok(value.ok_or_else(|| spin_variables::Error::Undefined(format!("no variable for {name:?}"))))
    }
}

impl config::Host for Grants {
    async fn get(&mut self, name: String) -> Fallible<Result<Option<String>, config::Error>> {
        Ok(Ok(self.variables.get(&name).cloned()))
    }

    async fn get_all(&mut self) -> Fallible<Result<Vec<(String, String)>, config::Error>> {
        Ok(Ok(self.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect()))
    }
}
