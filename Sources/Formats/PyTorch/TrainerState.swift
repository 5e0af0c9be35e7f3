import Bytes
import Tensors

/// Single values that a training program saved beside a model's tensors.
struct TrainerState {
  /// What begins the names of the members of `args`.
  static let argumentPrefix = "args."

  /// Numbers, flags and words by name: those of the saved object, and as `args.NAME` those of its `args`, a
  /// `argparse.Namespace` or dictionary. Values of other kinds are left out.
  private(set) var values = Metadata()
  /// The remark on where the tensors are, which says that what is beside them is not read.
  let wrapperRemark: String?

  init() { wrapperRemark = nil }

  init(_ pickle: Pickle, wrapperRemark: String?) {
    self.wrapperRemark = wrapperRemark
    for (key, value) in pickle.items(pickle.root) ?? [] {
      guard let name = pickle.word(key) else { continue }
      values[name] = pickle.single(value)
      guard name == "args", let members = pickle.items(pickle.node(value)?.state ?? value) else { continue }
      for (key, value) in members {
        guard let name = pickle.word(key) else { continue }
        values[Self.argumentPrefix + name] = pickle.single(value)
      }
    }
  }
}

extension Pickle {
  /// A number, flag or text; nil for any other value.
  fileprivate func single(_ value: PickleValue) -> MetadataValue? {
    switch value {
    case .bool(let flag): .bool(flag)
    case .integer(let integer): .int64(Int64(integer))
    case .real(let real): .float64(real)
    case .text(let text): .string(ByteString(text.text))
    case .none, .wideInteger, .bytes, .node: nil
    }
  }
}
