namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>A question about documents.</summary>
/// <param name="Text">The question.</param>
/// <param name="Answers">Right answers, any of which will do.</param>
/// <param name="Own">The documents that it is about.</param>
/// <param name="Subject">Whom it is about, so that no other document tells of the same one; empty where nobody knows.</param>
internal sealed record RulerQuestion(string Text, IReadOnlyList<string> Answers, IReadOnlyList<string> Own, string Subject = "");
