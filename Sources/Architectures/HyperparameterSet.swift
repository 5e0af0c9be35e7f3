/// The hyperparameters of one model, by their names in its definition.
public struct HyperparameterSet: Sendable, Hashable {
  /// The values.
  public var values: [String: HyperparameterValue]
  /// The RoPE scaling, which is more than one value.
  public var rotaryScaling: RotaryScaling
  /// The names whose values are explicit in a file, or that transformers applies by default; others are inferred from
  /// tensors. Two sets with the same values are equal even if other values are explicit.
  public var explicit: Set<String> = []

  public init(values: [String: HyperparameterValue] = [:], rotaryScaling: RotaryScaling = .none) {
    self.values = values
    self.rotaryScaling = rotaryScaling
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.values == right.values && left.rotaryScaling == right.rotaryScaling
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(values)
    hasher.combine(rotaryScaling)
  }

  /// The integer called `name`.
  public func integer(_ name: String) -> Int? { if case .integer(let value) = values[name] { value } else { nil } }

  /// The number called `name`.
  public func real(_ name: String) -> Double? {
    values[name]?.number
  }

  /// The word called `name`.
  public func text(_ name: String) -> String? { if case .text(let value) = values[name] { value } else { nil } }

  /// The list called `name`.
  public func list(_ name: String) -> [HyperparameterValue]? {
    if case .list(let values) = values[name] { values } else { nil }
  }

  /// The list of words called `name`.
  public func texts(_ name: String) -> [String]? {
    list(name)?.compactMap { if case .text(let word) = $0 { word } else { nil } }
  }

  /// The flag called `name`; absent means false.
  public func flag(_ name: String) -> Bool { values[name] == .bool(true) }
}
