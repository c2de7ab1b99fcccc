//! stub
use crate::net::{Addr, IpProto};
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub struct FragmentKey { pub src: Addr, pub dst: Addr, pub version: u8, pub protocol: IpProto, pub id: u32 }
#[derive(Debug)]
pub struct Fragments<I, T> { x: Vec<(I, T)> }
impl<I, T> Default for Fragments<I, T> { fn default() -> Self { Self { x: vec![] } } }
pub enum Joined<I, T> { Held, Known(I), Released(I, Vec<T>) }
impl<I: Copy, T> Fragments<I, T> {
    pub fn see(&mut self, _key: FragmentKey, _f: crate::wire::Fragment, identity: Option<I>, _item: impl FnOnce() -> T) -> Joined<I, T> { identity.map_or(Joined::Held, Joined::Known) }
    pub fn take_orphans(&mut self) -> Vec<T> { vec![] }
    pub fn drain(&mut self) -> Vec<T> { vec![] }
}
