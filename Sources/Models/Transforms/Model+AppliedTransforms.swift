import Architectures
import Bytes
import Tensors

extension Model {
  /// Returns what `detection` finds about the transforms of the tensors.
  ///
  /// - Throws: if what is stated is of a transform that no tensor has, or values cannot be read.
  func detect(_ detection: TransformDetection) throws -> AppliedTransforms {
    let states = declaredStates
    for kind in detection.explicit.keys.sorted(by: { $0.rawValue < $1.rawValue }) where states[kind] == nil {
      throw ModelError.noSuchTransform(
        kind.rawValue, architecture: definition.name, known: states.keys.map(\.rawValue).sorted())
    }
    var findings: [AppliedTransforms.Finding] = []
    let isReadable =
      detection.mode == .detectFromValues && checkpoint.containerFacts["byteOrder"] != ByteOrder.bigEndian.rawValue
    for kind in TransformRule.Kind.allCases {
      guard let isDeclared = states[kind] else { continue }
      let isDetectable = isReadable && definition.detectableTransforms.contains(kind)
      let explicit = detection.explicit[kind]
      // Explicit transforms are not detected: a user may give them because the values mislead.
      let evidence = isDetectable && explicit == nil ? try TransformDetector(self).evidence(kind) : nil
      let detected = evidence?.isApplied
      guard isDetectable || explicit != nil else { continue }
      findings.append(
        AppliedTransforms.Finding(
          transform: kind, isDeclared: isDeclared, isApplied: explicit ?? detected ?? isDeclared,
          source: explicit != nil ? .option : detected != nil ? .values : .names, evidence: evidence))
    }
    return AppliedTransforms(findings: findings)
  }

  /// Whether the naming scheme applies each of the transforms that some scheme applies.
  private var declaredStates: [TransformRule.Kind: Bool] {
    let rules = definition.storedRules(in: scheme)
    var states: [TransformRule.Kind: Bool] = [:]
    for kind in TransformRule.Kind.allCases
    where kind.isDetectable && definition.tensors.contains(where: { $0.transform(kind) != nil }) {
      states[kind] = rules.contains { $0.applies(kind) }
    }
    return states
  }
}
