namespace LongContext.Packing;

/// <summary>A document that is in no pack yet.</summary>
/// <param name="Document">The document.</param>
/// <param name="Windows">The windows in which it found no pack that was full enough.</param>
internal readonly record struct WaitingDocument(PackedDocument Document, int Windows);
