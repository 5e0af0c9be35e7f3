import Architectures
import Bytes
import Tensors

extension Model {
  /// Returns what `detection` finds about the transforms of the tensors.
  ///
  /// - Throws: if what is stated is of a transform that no tensor has, or values cannot be read.
  func detect(_ detection: TransformDetection) throws -> AppliedTransforms {
    let states = declaredStates
    for kind in detection.stated.keys.sorted(by: { $0.rawValue < $1.rawValue }) where states[kind] == nil {
      throw ModelError.noSuchTransform(
        kind.rawValue, architecture: definition.name, known: states.keys.map(\.rawValue).sorted())
    }
    var findings: [AppliedTransforms.Finding] = []
    let isReadable =
      detection.mode == .detectFromValues && checkpoint.containerFacts["byteOrder"] != ByteOrder.bigEndian.rawValue
    for kind in TransformRule.Kind.allCases {
      guard let isDeclared = states[kind] else { continue }
      let isTold = isReadable && definition.detectableTransforms.contains(kind)
      let stated = detection.stated[kind]
      // What is stated is not looked for: a user may state it because the values mislead.
      let evidence = isTold && stated == nil ? try TransformDetector(self).evidence(kind) : nil
      let told = evidence?.isApplied
      guard isTold || stated != nil else { continue }
      findings.append(
        AppliedTransforms.Finding(
          transform: kind, isDeclared: isDeclared, isApplied: stated ?? told ?? isDeclared,
          source: stated != nil ? .option : told != nil ? .values : .names, evidence: evidence))
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
