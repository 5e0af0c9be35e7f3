import Bytes
import Models

/// What a finished part says of itself: the digests of its bytes, the errors of encoding, and what it was made of.
struct PartManifest: Sendable {
  /// The name and version of the layout.
  static let schema = "ingot.part/1"

  /// The digest of the plan.
  let plan: String
  /// The number of the part.
  let part: Int
  /// Where its bytes are.
  let place: PartPlace
  /// The SHA-256 of each piece.
  let pieces: [String]
  let errors: PartErrors
  /// In the order of paths; none in a journal, which says once what all parts were made of.
  let reads: [PartRead]

  /// Why bytes are no manifest of a part.
  enum Defect: Error { case damaged, otherPlan }

  init(plan: String, part: Int, place: PartPlace, pieces: [String], errors: PartErrors, reads: [PartRead]) {
    self.plan = plan
    self.part = part
    self.place = place
    self.pieces = pieces
    self.errors = errors
    self.reads = reads
  }

  /// The document, whose last member is the digest of the others.
  var document: JSON {
    var members: JSON.Object = [
      "schema": .string(Self.schema), "plan": .string(plan), "part": .integer(part),
      "place": .string(place.rawValue), "pieces": .array(pieces.map(JSON.string)), "errors": errors.record,
    ]
    members["reads"] = .array(reads.map(\.json))
    return members.sealed
  }

  /// What a manifest says before it is compared with a plan.
  struct Head {
    let document: JSON
    let plan: String
    let part: Int
    let place: PartPlace
  }

  /// The plan and part that a manifest is of, whoever made it.
  static func head(_ bytes: [UInt8]) throws(Defect) -> Head {
    guard let document = JSON(sealed: bytes), document["schema"]?.string == schema, let plan = document["plan"]?.string,
      let part = document["part"]?.integer,
      let place = document["place"]?.string.flatMap(PartPlace.init)
    else { throw .damaged }
    return Head(document: document, plan: plan, part: part, place: place)
  }

  /// Reads the manifest of a part.
  ///
  /// - Parameter jobs: those of the part, of `conversion`.
  init(
    _ bytes: [UInt8], of part: PlanPart, plan digest: String, jobs: [Job], in conversion: ConversionPlan
  ) throws(Defect) {
    let head = try Self.head(bytes)
    guard head.plan == digest, head.part == part.index else { throw .otherPlan }
    guard let pieces = head.document["pieces"]?.array?.compactMap(\.string), pieces.count == part.pieces.count,
      let errors = PartErrors(jobs, of: conversion, record: head.document["errors"]),
      let listed = head.document["reads"]?.array
    else { throw .damaged }
    let reads = listed.compactMap(PartRead.init)
    guard reads.count == listed.count else { throw .damaged }
    self.init(
      plan: digest, part: part.index, place: head.place, pieces: pieces, errors: errors, reads: reads)
  }
}

extension ConversionParts {
  /// The manifest of a part, read from `bytes` and written again; nil for bytes that are not one.
  package func rewritten(_ bytes: [UInt8], of part: PlanPart, plan digest: String) -> [UInt8]? {
    (try? PartManifest(bytes, of: part, plan: digest, jobs: plan.jobs(of: part), in: plan))?.document.encoded(.compact)
  }
}
