import Bytes
import Certification
import Evaluation
import Models
import TestSupport
import Testing
import Verification

@Suite("A certificate")
struct CertificateTests {
  /// A certificate of a model verified against itself.
  private static func certificate() throws -> Certificate {
    let model = try Model.open(Fixtures.path("llama-gqa"), library: .bundled())
    let verification = try ModelVerification.verify(model, model, tokens: TokenChunks([1, 2, 3], length: 8))
    return try Certificate(verification, version: "1.2.3")
  }

  @Test("is read as it was written")
  func roundTrip() throws {
    let written = try Self.certificate()
    let read = try Certificate(JSON(parsing: written.statement.encoded(.indented)))
    #expect(read.passes && read.version == "1.2.3" && read.conversion == nil && read.adapters.isEmpty)
    #expect(read.reference == written.reference && read.candidate == written.candidate)
    #expect(read.candidate.files.map(\.name).contains("config.json"))
  }

  @Test("matches the files that it names, and no others")
  func check() throws {
    let certificate = try Self.certificate()
    #expect(try CertificateCheck(certificate).passes)
    let folder = TemporaryFolder()
    let moved = try CertificateCheck(certificate, candidate: Fixtures.checkpoint("llama-linear", in: folder))
    #expect(!moved.passes)
    #expect(moved.entries.filter { $0.outcome != .matches }.allSatisfy { $0.side == .candidate })
  }

  @Test(
    "refuses a name that leads out of the model's folder", arguments: ["../config.json", "a/../../b", "/b", "..", ""])
  func escapes(name: String) throws {
    var statement = try #require(Self.certificate().statement.object)
    statement["subject"] = .array([
      .members(["name": .string(name), "digest": .members(["sha256": .string("00")])])
    ])
    #expect(throws: CertificateError.malformed(member: "subject")) { try Certificate(.object(statement)) }
  }
}
