import ArgumentParser
import Ingot

/// `plus_one=yes`: whether a transform was applied to what is read.
struct DialectArgument: ExpressibleByArgument {
  let transform: TransformRule.Kind
  let isApplied: Bool

  init?(argument: String) {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let transform = TransformRule.Kind(rawValue: String(parts[0])), transform.isTestable,
      ["yes", "no"].contains(parts[1])
    else { return nil }
    self.transform = transform
    isApplied = parts[1] == "yes"
  }
}

extension ModelOptions {
  /// What the names declare, but for what the user states.
  var declaredDialect: DialectChoice { DialectChoice(readsValues: false, stated: statedDialect) }
  /// What the values tell, but for what the user states.
  var dialectOfValues: DialectChoice { DialectChoice(readsValues: true, stated: statedDialect) }

  /// The last statement about a transform decides.
  private var statedDialect: [TransformRule.Kind: Bool] {
    Dictionary(dialect.map { ($0.transform, $0.isApplied) }, uniquingKeysWith: { _, last in last })
  }
}

extension Dialect {
  /// The choice that leads to this dialect again, whatever the values.
  var choice: DialectChoice {
    DialectChoice(
      readsValues: false,
      stated: Dictionary(
        findings.map { ($0.transform, $0.isApplied) }, uniquingKeysWith: { first, _ in first }))
  }
}
