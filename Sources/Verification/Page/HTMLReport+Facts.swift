import Bytes
import Inference
import Models
import Tensors

extension HTMLReport {
  /// The most important figures.
  var cards: String {
    let logits = verification.logits
    var cards =
      logits.output != .logits
      ? [("cosine of the \(logits.output.words)", logits.logits.cosine.fixed(6))]
      : [
        ("mean KL divergence", logits.divergence.mean.metricText),
        ("top-1 agreement", logits.topOneAgreement.percentage),
      ]
    if let ratio = logits.perplexityRatio { cards.append(("perplexity ratio", ratio.value.fixed(4))) }
    let output = logits.output.words
    cards.append(("NMSE of the \(output)", logits.logits.normalizedMeanSquareError.metricText))
    let before = Size(logits.reference), after = Size(logits.candidate)
    cards.append(("weights, from \(before.byteCount.byteSize)", after.byteCount.byteSize))
    cards.append(("bits per weight, from \(before.bitsPerWeight.fixed(2))", after.bitsPerWeight.fixed(2)))
    let items = cards.map { "<div class=\"card\"><b>\(HTML.escaped($0.1))</b><span>\(HTML.escaped($0.0))</span></div>" }
    return "<div class=\"cards\">\(items.joined())</div>"
  }

  private struct Size {
    let byteCount: Int
    let bitsPerWeight: Double

    init(_ model: Model) {
      byteCount = model.checkpoint.tensorByteCount
      let count = model.checkpoint.tensors.reduce(0) { $0 &+ $1.shape.elementCount }
      bitsPerWeight = count == 0 ? 0 : Double(byteCount) * 8 / Double(count)
    }
  }

  var layerChart: String? {
    let states = verification.logits.states
    let parts = zip(ForwardPass.Sublayer.allCases, ["second", "fourth", "third"]).filter { stage, _ in
      verification.logits.addedSublayers.contains(stage)
    }
    return Chart.lines(
      states.map { "\($0.point)" },
      [.init(name: "hidden states", style: "first", values: states.map { $0.hiddenState.normalizedMeanSquareError })]
        + parts.map { stage, style in
          Chart.Series(
            name: stage.words, style: style, values: states.map { $0.added[stage]?.normalizedMeanSquareError })
        },
      limit: ("threshold", verification.logits.layerThreshold))
      ?? "<p>No error in any layer.</p>"
  }

  var divergenceChart: String? {
    guard verification.logits.output == .logits else { return nil }
    return Chart.histogram(verification.logits.divergence.sorted)
      ?? "<p>The distributions are equal at every position.</p>"
  }

  var layerTable: String? {
    "<details><summary>Every layer as a table</summary>\(HTML.table(verification.logits.layerTable))</details>"
  }

  var worstTensors: String? {
    guard verification.weights != nil else { return nil }
    let worst = verification.worstTensors(12)
    guard !worst.isEmpty else { return "<p>Every tensor has the same values.</p>" }
    return HTML.table(
      ReportTable(
        columns: [
          .left("tensor"), .left("format"), .right("NMSE"), .right("RMSE"), .right("max abs"), .right("cosine"),
        ],
        rows: worst.map { tensor in
          let metrics = tensor.metrics ?? ErrorMetrics()
          return [
            tensor.identity.description, Self.formats([tensor]), metrics.normalizedMeanSquareError.metricText,
            metrics.rootMeanSquareError.metricText, metrics.maximumAbsoluteError.metricText, metrics.cosine.fixed(6),
          ]
        }))
  }

  /// The share of the parameters in each storage format of the candidate.
  var mix: String? {
    var sums: [(name: String, tensors: Int, elements: Int, bytes: Int)] = []
    for tensor in verification.logits.candidate.checkpoint.tensors {
      let name = tensor.encoding
      let index = sums.firstIndex { $0.name == name } ?? sums.count
      if index == sums.count { sums.append((name, 0, 0, 0)) }
      sums[index].tensors += 1
      sums[index].elements &+= tensor.shape.elementCount
      sums[index].bytes &+= tensor.byteCount
    }
    sums.sort { $0.elements != $1.elements ? $0.elements > $1.elements : $0.name < $1.name }
    let total = Double(max(1, sums.reduce(0) { $0 &+ $1.elements }))
    let colors = ["first", "second", "third", "fourth", "fifth"]
    let stripes = sums.enumerated().map { index, sum in
      "<div class=\"\(colors[index % colors.count])\" style=\"flex:\((Double(sum.elements) / total * 1000).fixed(1))\""
        + " title=\"\(HTML.escaped(sum.name))\"></div>"
    }
    let keys = sums.enumerated().map { index, sum in
      "<span><i class=\"\(colors[index % colors.count])\"></i>\(HTML.escaped(sum.name))</span>"
    }
    let table = ReportTable(
      columns: [.left("format"), .right("tensors"), .right("parameters"), .right("share"), .right("size")],
      rows: sums.map {
        [
          $0.name, $0.tensors.grouped, $0.elements.grouped, "\((Double($0.elements) / total * 100).fixed(2)) %",
          $0.bytes.byteSize,
        ]
      })
    return "<div class=\"mix\">\(stripes.joined())</div><div class=\"key\">\(keys.joined())</div>\(HTML.table(table))"
  }

  /// The first tensor of every role, with its names in both models.
  var tensors: String? {
    guard let weights = verification.weights else { return nil }
    let kinds = Dictionary(grouping: weights.tensors, by: \.identity.kind)
    var seen: Set<TensorIdentity> = []
    let shown = weights.tensors.filter { seen.insert($0.identity.kind).inserted }
    return HTML.table(
      ReportTable(
        columns: [
          .left("tensor"), .left("in the reference"), .left("in the candidate"), .left("format"), .right("count"),
        ],
        rows: shown.prefix(60).map { tensor in
          let all = kinds[tensor.identity.kind] ?? [tensor]
          return [
            tensor.identity.kind.description, tensor.reference?.name.text ?? "–", tensor.candidate?.name.text ?? "–",
            Self.formats(all), all.count.grouped,
          ]
        }))
  }

  /// The formats of some tensors in both models: `BF16 → Q4_K, Q6_K`.
  private static func formats(_ tensors: [TensorComparison]) -> String {
    func names(_ descriptors: [TensorDescriptor]) -> String {
      Set(descriptors.map(\.encoding)).sorted().joined(separator: ", ")
    }
    let before = names(tensors.compactMap(\.reference)), after = names(tensors.compactMap(\.candidate))
    return before == after ? before : "\(before) → \(after)"
  }
}
