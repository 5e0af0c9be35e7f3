import ArgumentParser
import Ingot

/// `plus_one=yes`: whether a transform was applied to what is read.
struct TransformArgument: ExpressibleByArgument {
  let transform: TransformRule.Kind
  let isApplied: Bool

  init?(argument: String) {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let transform = TransformRule.Kind(rawValue: String(parts[0])), transform.isDetectable,
      ["yes", "no"].contains(parts[1])
    else { return nil }
    self.transform = transform
    isApplied = parts[1] == "yes"
  }

  static var defaultCompletionKind: CompletionKind {
    .list(
      TransformRule.Kind.allCases.filter(\.isDetectable).flatMap { ["\($0.rawValue)=yes", "\($0.rawValue)=no"] })
  }
}

extension ModelOptions {
  /// The transforms that the names declare, overridden by --has-transform.
  var namedTransforms: TransformDetection { TransformDetection(.namesOnly, explicit: explicitTransforms) }
  /// The transforms that the values show, overridden by --has-transform.
  var detectedTransforms: TransformDetection { TransformDetection(.detectFromValues, explicit: explicitTransforms) }

  /// The last of several arguments for a transform decides.
  private var explicitTransforms: [TransformRule.Kind: Bool] {
    Dictionary(appliedTransforms.map { ($0.transform, $0.isApplied) }, uniquingKeysWith: { _, last in last })
  }
}

extension AppliedTransforms {
  /// The choice that gives these applied transforms again, without reading values.
  var choice: TransformDetection {
    TransformDetection(
      .namesOnly,
      explicit: Dictionary(
        findings.map { ($0.transform, $0.isApplied) }, uniquingKeysWith: { first, _ in first }))
  }
}
