import Architectures
import Models
import TestSupport
import Testing

@testable import Verification

@Suite("The diagnostician")
struct DiagnosticianTests {
  private static let norm = TensorSlot(.attentionNorm, layer: 1)

  /// The diagnoses of `suspects` in an edited conversion.
  private func diagnose(
    _ suspects: [TensorSlot], in edited: EditedCheckpoint,
    firstDiverged point: HiddenStateComparison.Point? = nil
  ) throws -> [Diagnosis] {
    let library = try ArchitectureLibrary.bundled()
    let diagnostician = try Diagnostician(
      Model.open(CheckpointDiffTests.gqa, library: library), Model.open(edited.path, library: library),
      tokens: [3, 1, 4, 1, 5, 9, 2, 6], threads: 1)
    return try diagnostician.diagnose(suspects, firstDiverged: point)
  }

  private static func double(_ names: String...) throws -> EditedCheckpoint {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    for name in names {
      try edited.editFloats(name) { values in for index in values.indices { values[index] *= 2 } }
    }
    return edited
  }

  @Test("runs the layer of a suspect again and confirms the correction")
  func confirmed() throws {
    let diagnoses = try diagnose([Self.norm], in: Self.double("blk.1.attn_norm.weight"))
    let diagnosis = try #require(diagnoses.first)
    #expect(diagnoses.count == 1 && diagnosis.isConfirmed)
    #expect(diagnosis.fault == .scale && diagnosis.subject == .slot(Self.norm) && diagnosis.stage == "layer 1")
    #expect(diagnosis.finding.message.contains("reduces the error of layer 1 from "))
  }

  @Test("does not confirm a suspect without an effect")
  func noEffect() throws {
    let diagnoses = try diagnose([Self.norm], in: EditedCheckpoint(CheckpointDiffTests.gqaBF16))
    #expect(diagnoses.map(\.error) == [0])
    #expect(diagnoses.allSatisfy { !$0.isConfirmed })
    #expect(diagnoses.first?.finding.message.hasSuffix("it does not change layer 1 on these tokens") == true)
  }

  @Test("finds nothing without suspects and without differences of hyperparameters")
  func noSuspects() throws {
    #expect(try diagnose([], in: Self.double("blk.1.attn_norm.weight")).isEmpty)
  }

  @Test("reports one fault of several tensors once, at the first of them in the pass")
  func family() throws {
    let slots = [TensorSlot(.attentionNorm, layer: 2), Self.norm, TensorSlot(.attentionNorm, layer: 0)]
    let diagnoses = try diagnose(
      slots, in: Self.double("blk.0.attn_norm.weight", "blk.1.attn_norm.weight", "blk.2.attn_norm.weight"))
    #expect(diagnoses.map(\.subject) == [.slot(slots[2])])
    #expect(diagnoses.first.map { Set($0.otherSubjects) } == [.slot(slots[0]), .slot(slots[1])])
  }

  @Test("orders the diagnoses of several faults as the pass runs")
  func order() throws {
    let edited = try Self.double("output_norm.weight", "blk.2.ffn_norm.weight")
    try edited.editFloats("blk.0.attn_norm.weight") { values in for index in values.indices { values[index] += 1 } }
    let suspects = [
      TensorSlot(.outputNorm), TensorSlot(.feedForwardNorm, layer: 2), TensorSlot(.attentionNorm, layer: 0),
    ]
    let diagnoses = try diagnose(suspects, in: edited)
    #expect(diagnoses.map(\.stage) == ["layer 0", "layer 2"])
    #expect(diagnoses.map(\.fault) == [.normOffset, .scale])
    #expect(diagnoses.allSatisfy { $0.isConfirmed })
  }

  @Test("tries a hyperparameter in the layer that diverged first", arguments: [nil, 2])
  func hyperparameter(layer: Int?) throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.replaceNumber("llama.rope.freq_base", Float(10_000), by: Float(500))
    let diagnoses = try diagnose([], in: edited, firstDiverged: layer.map { .layer(.only, $0) })
    #expect(diagnoses.map(\.subject) == [.hyperparameter("rotary base")])
    #expect(diagnoses.first?.stage == "layer \(layer ?? 0)")
    #expect(diagnoses.first?.correctedError == 0 && diagnoses.first?.isConfirmed == true)
  }

  @Test("reads patched weights from the reference, except the tensors that it corrects")
  func patchedWeights() throws {
    let library = try ArchitectureLibrary.bundled()
    let reference = try ModelWeights(Model.open(CheckpointDiffTests.gqa, library: library))
    let edited = try Self.double("blk.1.attn_norm.weight", "blk.2.attn_norm.weight")
    let candidate = try ModelWeights(Model.open(edited.path, library: library))
    var patched = PatchedWeights(candidate, reference: reference)
    patched.corrections[Self.norm] = CandidateTensor()
    patched.corrections[TensorSlot(.attentionNorm, layer: 2)] = ChangedElements { $0 / 2 }
    func values(_ weights: some WeightSource, _ layer: Int) throws -> [Float] {
      var values: [Float] = []
      try weights.readRows(.attentionNorm, layer: layer, instance: nil, rows: 0..<1, into: &values)
      return values
    }
    #expect(try values(patched, 0) == values(reference, 0))
    #expect(try values(patched, 1) == values(reference, 1).map { $0 * 2 })
    #expect(try values(patched, 2) == values(reference, 2))
  }
}
