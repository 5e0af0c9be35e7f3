import Bytes
import Evaluation
import Foundation
import Quantization
import TestSupport
import Testing
import Verification

/// Grades by published figures, and by how much the evidence holds.
@Suite("A grade of quality") struct QualityGradeTests {
  /// Mean KL divergence, perplexity ratio and top-1 agreement, which is 1 where it is not published.
  struct Published: CustomTestStringConvertible, Sendable {
    let model: String, divergence: Double, ratio: Double, agreement: Double, grade: QualityGrade
    var testDescription: String { model }

    init(
      _ model: String, _ divergence: Double, _ ratio: Double, _ agreement: Double, _ grade: QualityGrade
    ) {
      (self.model, self.divergence, self.ratio, self.agreement, self.grade) =
        (model, divergence, ratio, agreement, grade)
    }
  }

  /// llama.cpp 0c1e57098, tools/perplexity/README.md: perplexities over that of F16, 6.231636 for LLaMA 3 8B.
  static let published = [
    Published("LLaMA 3 8B Q8_0", 0.001355, 1.000425, 0.97674, .nearLossless),
    Published("LLaMA 3 8B Q6_K", 0.005452, 1.003490, 0.96031, .nearLossless),
    Published("LLaMA 3 8B Q5_K_M", 0.010762, 1.0091, 1, .good),
    Published("LLaMA 3 8B Q5_0", 0.022239, 1.0211, 1, .good),
    Published("LLaMA 3 8B Q4_K_M", 0.031273, 1.028160, 0.91901, .good),
    Published("LLaMA 3 8B Q4_K_S", 0.043136, 1.0431, 1, .good),
    Published("LLaMA 3 8B Q4_0", 0.071940, 1.0752, 1, .noticeable),
    Published("LLaMA 3 8B Q3_K_M", 0.101913, 1.1054, 1, .noticeable),
    Published("LLaMA 3 8B Q3_K_S", 0.228217, 1.2619, 1, .noticeable),
    Published("LLaMA 3 8B IQ2_M", 0.325989, 1.3802, 1, .poor),
    Published("LLaMA 3 8B Q2_K", 0.445132, 1.564849, 0.71138, .poor),
    Published("LLaMA 3 8B IQ2_XXS", 0.812022, 2.2613, 1, .poor),
    Published("LLaMA 3 8B IQ1_M", 1.393084, 4.0910, 1, .broken),
    Published("LLaMA 3 8B IQ1_S", 2.211278, 9.3230, 1, .broken),
    Published("LLaMA 2 7B Q8_0", 0.000369, 1.000689, 0.98846, .nearLossless),
    Published("LLaMA 2 7B Q6_K", 0.002098, 1.002406, 0.97520, .nearLossless),
    Published("LLaMA 2 7B Q4_K_M", 0.012686, 1.014242, 0.94665, .good),
    Published("LLaMA 2 7B Q2_K", 0.108903, 1.107955, 0.85584, .noticeable),
  ]

  @Test("is that of the published figures", arguments: published)
  func publishedFigures(model: Published) {
    #expect(
      QualityGrade.of(
        divergence: model.divergence, perplexityRatio: model.ratio, topOneAgreement: model.agreement) == model.grade)
  }

  @Test("is lowered by top-1 agreement, by one at most and not to broken")
  func agreement() {
    func grade(_ divergence: Double, _ agreement: Double) -> QualityGrade {
      .of(divergence: divergence, perplexityRatio: 1, topOneAgreement: agreement)
    }
    #expect(grade(0.001, 0.96) == .nearLossless && grade(0.001, 0.94) == .good && grade(0.001, 0) == .good)
    #expect(grade(0.04, 0.1) == .noticeable && grade(0.9, 0.1) == .poor && grade(1.1, 1) == .broken)
  }

  @Test("is broken where nothing can be measured, and later where the reference predicts nothing")
  func extremes() {
    #expect(QualityGrade.of(divergence: .nan, perplexityRatio: nil, topOneAgreement: 1) == .broken)
    #expect(QualityGrade.of(divergence: 0, perplexityRatio: .infinity, topOneAgreement: 1) == .broken)
    #expect(QualityGrade.of(divergence: 3.9, perplexityRatio: nil, topOneAgreement: 0.1) == .poor)
    #expect(QualityGrade.of(divergence: 4.1, perplexityRatio: nil, topOneAgreement: 0.1) == .broken)
    #expect(QualityGrade.of(divergence: 0.001, perplexityRatio: nil, topOneAgreement: 1) == .nearLossless)
  }

  @Test("is never better than its number of positions holds")
  func positions() throws {
    let few = try LogitComparisonTests.compare(CheckpointDiffTests.gqa, CheckpointDiffTests.gqaQ8).quality
    #expect(few.positionCount == 24 && few.grade >= .noticeable && few.estimate <= few.grade)
    #expect(!few.isCertain && !few.isPredicted)
    #expect(few.words.contains(" or better: mean KL divergence 0.00183"), "\(few.words)")
    #expect(few.words.contains("24 positions, a better grade needs "), "\(few.words)")
  }

  @Test("of the same bits is lossless, however few there are")
  func sameBits() throws {
    let quality = try LogitComparisonTests.compare(CheckpointDiffTests.gqa, CheckpointDiffTests.gqaBF16).quality
    #expect(quality.grade == .lossless && quality.isCertain && quality.doubt == nil)
    #expect(quality.words == "lossless: all logits have the same bits")
  }

  @Test("decides about a broken candidate unless the user gives limits, and is no part of the conversion's verdict")
  func broken() throws {
    // Noise in the output matrix of a candidate in the same format: the conversion is wrong, and the model is broken.
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    try edited.edit("output.weight") { bytes in
      for block in 0..<bytes.count / 34 { bytes[block * 34 + 1] = UInt8((block * 7919) % 11) + 0x30 }
    }
    let judged = try DiagnosedTensorsTests.verify(CheckpointDiffTests.gqa, edited.path)
    #expect(judged.quality.estimate == .broken && !judged.qualityPasses && judged.conversion == .failed)
    var options = ModelVerification.Options()
    options.logits.budget = try Budget(parsing: "kl=1e6", metrics: Budget.Metric.ofLogits)
    options.weights = .ignored
    let accepted = try DiagnosedTensorsTests.verify(CheckpointDiffTests.gqa, edited.path, options: options)
    #expect(accepted.quality.estimate == .broken && accepted.qualityPasses && accepted.passes)
    #expect(accepted.conversion == .notJudged)
    #expect(accepted.findings.first { $0.check == "verify.quality" }?.severity == .warning)
    #expect(accepted.json["quality"]?["passes"]?.bool == true && accepted.json["passes"]?.bool == true)
    #expect(accepted.json["conversion"]?["verdict"]?.string == "not_judged")
  }

  private static let start = "<!-- begin generated: grades -->\n", end = "<!-- end generated: grades -->"

  @Test("has its bounds in the documentation")
  func table() throws {
    let page = Fixtures.packagePath("docs") + "/how-verify-decides.md"
    let text = try String(contentsOfFile: page, encoding: .utf8)
    let start = try #require(text.range(of: Self.start)), end = try #require(text.range(of: Self.end))
    let table = QualityGrade.table
    let lines = [table.columns.map(\.title), table.columns.map { $0.isRightAligned ? "---:" : "---" }] + table.rows
    let expected = lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    if ProcessInfo.processInfo.environment["INGOT_REGENERATE_SNAPSHOTS"] != nil {
      try text.replacingCharacters(in: start.upperBound..<end.lowerBound, with: expected)
        .write(toFile: page, atomically: true, encoding: .utf8)
    } else {
      #expect(text[start.upperBound..<end.lowerBound] == expected)
    }
  }
}
