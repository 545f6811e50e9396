namespace LongContext.Samples.InstructionTuning;

/// <summary>A held-out question, its right answer, and what the model said before and after training.</summary>
internal sealed record Question(string Asked, string Right, string Before, string After);
