import Bytes

/// A value of a pickle.
///
/// Everything that has parts is a node of the pickle and named by its index, so that cycles, sharing and nesting of any
/// depth cost neither recursion nor memory.
enum PickleValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer of more than 64 bits: its two's complement, lowest byte first.
  case wideInteger([UInt8])
  case real(Double)
  case text(ExactString)
  case bytes([UInt8])
  case node(Int)
}

/// A value with parts.
struct PickleNode: Sendable {
  enum Kind: Hashable, Sendable {
    case tuple, list, set, dictionary
    /// A name that the pickle asks to import, by its index.
    case global(Int)
    /// The result of a call that is not made: `parts[0]` is called with the arguments `parts[1]`.
    case object
    /// An object that the pickle leaves to its reader, identified by `parts[0]`.
    case persistent
  }

  let kind: Kind
  /// Elements of a tuple, list or set; what an object or persistent object is made of.
  var parts: [PickleValue] = []
  /// Elements that were appended to an object, as of a subclass of list.
  var appended: [PickleValue] = []
  /// The items of a dictionary, or those that were set in an object, in the order in which they were set.
  var items: [(key: PickleValue, value: PickleValue)] = []
  /// What an object's state was set to.
  var state: PickleValue?
}

/// A name that a pickle asks to import.
struct PickleGlobal: Hashable, Sendable, CustomStringConvertible {
  let module: String
  let name: String

  /// `torch._utils._rebuild_tensor_v2`
  var description: String { "\(module).\(name)" }
}

/// The result of a pickle: a value, and the nodes that it refers to.
///
/// Nothing of it was imported, called or run.
struct Pickle: Sendable {
  let root: PickleValue
  let nodes: [PickleNode]
  /// The names that the pickle asks to import, as often as it does.
  let globals: [PickleGlobal]
  /// The bytes from the first opcode to the last.
  let byteCount: Int
}

extension Pickle {
  /// The node of a value that has parts.
  func node(_ value: PickleValue) -> PickleNode? { if case .node(let index) = value { nodes[index] } else { nil } }

  /// The elements of a tuple or list.
  func elements(_ value: PickleValue) -> [PickleValue]? {
    guard let node = node(value), node.kind == .tuple || node.kind == .list else { return nil }
    return node.parts
  }

  func global(_ value: PickleValue) -> PickleGlobal? {
    if case .global(let index)? = node(value)?.kind { globals[index] } else { nil }
  }

  func text(_ value: PickleValue) -> String? { if case .text(let text) = value { text.text } else { nil } }

  func integer(_ value: PickleValue) -> Int? { if case .integer(let integer) = value { integer } else { nil } }

  /// The integers of a tuple or list of integers.
  func integers(_ value: PickleValue) -> [Int]? {
    guard let elements = elements(value) else { return nil }
    let integers = elements.compactMap(integer)
    return integers.count == elements.count ? integers : nil
  }

  /// The name that an object is made by and its arguments; nil for anything else.
  func call(_ value: PickleValue) -> (callee: PickleGlobal, arguments: [PickleValue])? {
    guard let node = node(value), node.kind == .object, let callee = global(node.parts[0]) else { return nil }
    return (callee, elements(node.parts[1]) ?? [])
  }

  /// The identifying value of a persistent object.
  func persistentID(_ value: PickleValue) -> PickleValue? {
    guard let node = node(value), node.kind == .persistent else { return nil }
    return node.parts[0]
  }

  /// The items of a dictionary, or of an object that is one: of those with the same key the last one.
  func items(_ value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
    guard let node = node(value), node.kind == .dictionary || node.kind == .object else { return nil }
    var indices: [PickleValue: Int] = [:]
    var items: [(key: PickleValue, value: PickleValue)] = []
    for item in node.items {
      if let index = indices.updateValue(items.count, forKey: item.key) {
        items[index].value = item.value
        indices[item.key] = index
      } else {
        items.append(item)
      }
    }
    return items
  }

  /// The names that the pickle asks to import, sorted, each once.
  var names: [PickleGlobal] { Set(globals).sorted { ExactString($0.description) < ExactString($1.description) } }
}
