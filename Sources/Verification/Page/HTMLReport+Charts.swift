import Bytes
import Inference
import Models
import Quantization
import Tensors

extension HTMLReport {
  /// NMSE of hidden states and of sublayers' outputs over the layers.
  var layerChart: String {
    let logits = verification.logits, states = logits.states
    let sublayers = zip(ForwardPass.Sublayer.allCases, ["second", "fourth", "third"]).filter { stage, _ in
      logits.addedSublayers.contains(stage)
    }
    let series: [(name: String, style: String, values: [Double?])] =
      [("hidden state", "first", states.map { $0.hiddenState.normalizedMeanSquareError })]
      + sublayers.map { stage, style in
        ("\(stage.words) output", style, states.map { $0.added[stage]?.normalizedMeanSquareError })
      }
    let positive = series.flatMap(\.values).compactMap { $0 }.filter { $0 > 0 && $0.isFinite }
    guard let least = positive.min(), let greatest = positive.max(), states.count > 1 else {
      return "<p>No error in any layer.</p>"
    }
    let threshold = logits.layerThreshold
    var plot = Plot(
      "NMSE of the hidden state after each layer, from \(least.metricText) to \(greatest.metricText)",
      x: layerAxis, y: .logarithmic("NMSE", from: least, to: max(greatest, threshold)))
    for line in series {
      let points = line.values.enumerated().compactMap { index, value in value.map { (x: Double(index), y: $0) } }
      plot.line(points, style: line.style, name: line.name)
    }
    if threshold > 0 {
      plot.mark(y: threshold, style: "limit", name: "a layer diverges above \(threshold.metricText)")
    }
    return plot.html
  }

  /// The points of the pass: the ends of each stack by name, layers by number.
  private var layerAxis: Axis {
    let points = verification.logits.states.map(\.point)
    let last = points.count - 1, step = max(1, (points.count + 7) / 8)
    let ticks = points.enumerated().compactMap { index, point -> Axis.Tick? in
      switch point {
      case .embedding: return Axis.Tick(value: Double(index), label: "embedding")
      case .outputNorm: return index == last ? Axis.Tick(value: Double(index), label: "output norm") : nil
      case .layer(_, let layer):
        // The names at the ends need room, on a narrow screen more.
        let share = Double(index) / Double(max(1, last))
        guard layer % step == 0, (0.12...0.86).contains(share) else { return nil }
        return Axis.Tick(
          value: Double(index), label: layer.grouped,
          isMinor: !(0.3...0.7).contains(share) || (layer / step) % 2 == 1)
      }
    }
    return Axis(title: "after layer", scale: .linear, low: 0, high: Double(max(1, last)), ticks: ticks)
  }

  /// The number of positions in each third of a decade of KL divergence, with mean, p99 and limit.
  var divergenceChart: String? {
    let logits = verification.logits
    guard logits.output == .logits else { return nil }
    let divergence = logits.divergence
    let positive = divergence.sorted.filter { $0 > 0 && $0.isFinite }
    guard let least = positive.first, let greatest = positive.last else {
      return "<p>The distributions are equal at every position.</p>"
    }
    let limit = divergenceLimit
    // Values far below the greatest are counted in the first bar.
    let axis = Axis.logarithmic(
      "KL divergence, nats", from: least, to: max(greatest, limit ?? 0), greatestDecadeCount: 6)
    let barCount = max(1, Int((Axis.logarithm(axis.high / axis.low) * 3).rounded()))
    var counts = [Int](repeating: 0, count: barCount)
    for value in divergence.sorted where value.isFinite {
      counts[min(barCount - 1, Int(axis.fraction(value) * Double(barCount)))] += 1
    }
    var plot = Plot(
      "Positions by KL divergence: mean \(divergence.mean.metricText), p99 \(divergence.p99.metricText)", x: axis,
      y: .linear("positions", from: 0, to: Double(counts.max() ?? 1)) { Int($0.rounded()).grouped })
    for (index, count) in counts.enumerated() where count > 0 {
      let low = axis.low * Self.thirds(index), high = axis.low * Self.thirds(index + 1)
      plot.bar(
        from: low, to: high, height: Double(count),
        title: "\(counted(count, "position")), \(low.metricText) to \(high.metricText)")
    }
    let mean = divergence.mean.withUncertainty(divergence.standardError)
    plot.mark(x: divergence.mean, style: "mean", name: "mean \(mean)")
    plot.mark(x: divergence.p99, style: "tail", name: "p99 \(divergence.p99.metricText)")
    if let limit { plot.mark(x: limit, style: "limit", name: "limit of the mean \(limit.metricText)") }
    return plot.html
  }

  /// The limit on mean KL divergence, if there is one.
  private var divergenceLimit: Double? {
    guard case .limits(let budget) = verification.logits.budget.rule else { return nil }
    return budget.limits.first { $0.metric == .divergence }.flatMap { $0.value > 0 ? $0.value : nil }
  }

  /// Ten to the power of `count` thirds.
  private static func thirds(_ count: Int) -> Double {
    Axis.power(count / 3) * [1, 2.154434690031884, 4.641588833612779][count % 3]
  }

  /// The positions with the greatest divergence, each with its text.
  var worstPositions: String? {
    let positions = verification.logits.worstPositions(8)
    guard !positions.isEmpty else { return nil }
    func words(_ prediction: WorstPosition.Prediction) -> String {
      "\(prediction.text?.quoted ?? "token \(prediction.token)") (\((prediction.probability * 100).significant(3)) %)"
    }
    let items = positions.map { position in
      let context =
        position.context.map { "<p class=\"context\">…\(HTML.escaped($0))<mark>&nbsp;?&nbsp;</mark></p>" } ?? ""
      var line =
        "KL divergence \(position.divergence.metricText): the reference predicts \(words(position.reference)),"
        + " the candidate \(words(position.candidate))"
      if let target = position.target, let probability = position.targetProbability {
        line +=
          "; in the text follows \(target.text?.quoted ?? "token \(target.token)")"
          + " (\((target.probability * 100).significant(3)) % and \((probability * 100).significant(3)) %)"
      }
      return "<li>\(context)<p>\(HTML.escaped(line)) <small>chunk \(position.chunkIndex.grouped),"
        + " position \(position.position.grouped)</small></p></li>"
    }
    return "<ol class=\"positions\">\n\(items.joined(separator: "\n"))\n</ol>"
  }
}
