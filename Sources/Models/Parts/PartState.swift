/// The state of a part, as far as its files show it.
public enum PartState: String, Sendable, CaseIterable {
  /// The part and its manifest are there, complete.
  case done
  case missing
  /// Bytes or their number are not those that the manifest says, or the manifest is not whole.
  case damaged
  /// It was made of another plan.
  case foreign
  /// It was made of inputs that have other bytes now.
  case outdated

  /// What it is, in a sentence.
  public var wording: String {
    switch self {
    case .done: "done"
    case .missing: "missing"
    case .damaged: "damaged"
    case .foreign: "of another plan"
    case .outdated: "made of inputs that have changed"
    }
  }
}
