import Bytes
import Tensors

/// Finds the tensors of a model in what a pickle describes.
///
/// A state dict is a dictionary of tensors. Others contain one: those of trainers under a name such as `state_dict`, beside
/// the state of the optimizer; those of Megatron in dictionaries for parts of the model; whole modules in their attributes.
struct StateDictReader {
  /// The names under which trainers save the state dict, the first that is there counts.
  static let wrappers = ["state_dict", "model_state_dict", "model", "module", "model_states"]
  /// Attributes of a module in which its tensors and submodules are; they are not part of names.
  static let moduleAttributes: Set<String> = ["_parameters", "_buffers", "_modules"]
  /// The maximum depth of values in others, and the bytes of a name.
  static let maximumDepth = 64, maximumNameByteCount = 1 << 10

  /// A tensor, or the words for one that has no bytes of its own.
  struct Entry {
    let name: TensorName
    let record: TensorRecord?
    let words: String?
  }

  private let pickle: Pickle
  private let storages: any StorageNaming
  private(set) var entries: [Entry] = []
  private(set) var remarks: [String] = []
  private(set) var trainer = TrainerState()
  private var names: Set<TensorName> = []
  /// The values with others in them that were visited, and that may be; one that is shared counts each time.
  private var containerCount = 0
  private let maximumContainerCount: Int

  init(_ pickle: Pickle, _ storages: any StorageNaming, maximumContainerCount: Int = 500_000) {
    self.maximumContainerCount = maximumContainerCount
    self.pickle = pickle
    self.storages = storages
  }

  mutating func read() throws(PyTorchError) {
    let (root, path) = try unwrapped()
    try collect(root, name: "", depth: 0)
    guard !entries.isEmpty else { throw .noTensors("its pickle is \(words(pickle.root))") }
    if let path { remarks.append(path) }
    trainer = TrainerState(pickle, wrapperRemark: path)
    let foreign = pickle.names.filter { !$0.isExpected }.map(\.description)
    if !foreign.isEmpty {
      let verb = foreign.count == 1 ? "which is" : "which are"
      remarks.append("its pickle names \(foreign.quotedList(limit: 6)), \(verb) neither imported nor run")
    }
  }

  // MARK: - Wrappers

  /// The value that has the model's tensors, and what there is to say of where it is.
  private mutating func unwrapped() throws(PyTorchError) -> (PickleValue, String?) {
    var root = pickle.root
    var path: [String] = [], others: [String] = []
    while path.count < Self.wrappers.count, let items = pickle.items(root) {
      var inner: PickleValue?
      for wrapper in Self.wrappers where inner == nil {
        guard let item = items.last(where: { $0.key == .text(ExactString(wrapper)) }),
          pickle.items(item.value) != nil, try hasTensors(item.value, depth: 0)
        else { continue }
        inner = item.value
        path.append(wrapper)
        others = items.compactMap { $0.key == item.key ? nil : pickle.word($0.key) }
      }
      guard let inner else { break }
      root = inner
    }
    guard !path.isEmpty else { return (root, nil) }
    let beside =
      others.isEmpty ? "" : "; \(others.quotedList(limit: 6)) beside it \(others.count == 1 ? "is" : "are") not read"
    return (root, "the model's tensors are those in \(path.joined(separator: ".").quoted)\(beside)")
  }

  /// Whether there is a tensor in a value; one that is not as it must be counts, since its name is not known here.
  private mutating func hasTensors(_ value: PickleValue, depth: Int) throws(PyTorchError) -> Bool {
    try enter(depth)
    do throws(PyTorchError) {
      if try tensor(value, name: "") != nil { return true }
    } catch {
      return true
    }
    for (_, part) in parts(of: value) {
      if try hasTensors(part, depth: depth + 1) { return true }
    }
    return false
  }

  // MARK: - Tensors

  private mutating func collect(_ value: PickleValue, name: String, depth: Int) throws(PyTorchError) {
    if let tensor = try tensor(value, name: name) {
      let name = TensorName(name.isEmpty ? "tensor" : name)
      guard names.insert(name).inserted else { throw .duplicateTensor(name) }
      entries.append(Entry(name: name, record: tensor.record, words: tensor.words))
      return
    }
    guard case .node = value else { return }
    try enter(depth)
    for (key, part) in parts(of: value) {
      guard case .node = part else { continue }
      let count = name.utf8.count + key.utf8.count + 1
      guard count <= Self.maximumNameByteCount else {
        throw .nameTooLong(byteCount: count, limit: Self.maximumNameByteCount)
      }
      let isAttribute = Self.moduleAttributes.contains(key) && pickle.call(value) != nil
      let inner = isAttribute || key.isEmpty ? name : name.isEmpty ? key : "\(name).\(key)"
      try collect(part, name: inner, depth: depth + 1)
    }
  }

  private func tensor(
    _ value: PickleValue, name: String
  ) throws(PyTorchError) -> (record: TensorRecord?, words: String?)? {
    do throws(TensorRecordError) {
      return try pickle.tensor(value, storages: storages)
    } catch {
      throw .tensor(TensorName(name), error.defect)
    }
  }

  private mutating func enter(_ depth: Int) throws(PyTorchError) {
    guard depth <= Self.maximumDepth else { throw .tooDeep(limit: Self.maximumDepth) }
    containerCount += 1
    guard containerCount <= maximumContainerCount else { throw .tooManyValues(limit: maximumContainerCount) }
  }

  /// What a value contains, under the names that its parts have in a state dict.
  private func parts(of value: PickleValue) -> [(key: String, value: PickleValue)] {
    guard let node = pickle.node(value) else { return [] }
    switch node.kind {
    case .tuple, .list: return node.parts.enumerated().map { ("\($0)", $1) }
    case .dictionary: return named(pickle.items(value) ?? [])
    case .object:
      let appended = node.appended.enumerated().map { (key: "\($0)", value: $1) }
      let own = named(pickle.items(value) ?? []) + appended
      guard own.isEmpty, let state = node.state else { return own }
      // `(state, slots)` has the attributes in slots in its second element.
      let states = pickle.items(state) != nil ? [state] : pickle.elements(state) ?? []
      let omitted = omitted(of: states)
      return states.flatMap { named(pickle.items($0) ?? []) }.filter { !omitted.contains($0.key) }
    case .set, .global, .persistent: return []
    }
  }

  /// Attributes of a module that contain tensors and are no part of its state dict.
  private func omitted(of states: [PickleValue]) -> Set<String> {
    let isModule = states.contains { state in
      (pickle.items(state) ?? []).contains { $0.key == .text("_parameters") }
    }
    guard isModule else { return [] }
    let keys = states.flatMap { pickle.items($0) ?? [] }.compactMap { pickle.word($0.key) }
    return Set(keys).subtracting(Self.moduleAttributes)
  }

  private func named(
    _ items: [(key: PickleValue, value: PickleValue)]
  ) -> [(key: String, value: PickleValue)] {
    items.compactMap { item in pickle.key(item.key).map { ($0, item.value) } }
  }

  /// What the pickle is, for a message.
  private func words(_ value: PickleValue) -> String {
    guard let node = pickle.node(value) else { return "a single value" }
    switch node.kind {
    case .tuple: return "a tuple"
    case .list: return "a list"
    case .set: return "a set"
    case .dictionary: return "a dictionary of \(counted(node.items.count, "item"))"
    case .object: return "an object of \((pickle.call(value)?.callee.description ?? "an unknown class").quoted)"
    case .global: return "the name \((pickle.global(value)?.description ?? "").quoted)"
    case .persistent: return "a reference"
    }
  }
}
