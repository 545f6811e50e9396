namespace LongContext.Evaluation;

/// <summary>What the search for an effective length has just measured.</summary>
/// <param name="Task">The task's name, or "average".</param>
/// <param name="Measurement">The length and what is known of it so far.</param>
/// <param name="Lengths">Lengths measured for this task, this one included.</param>
/// <param name="MostLengths">Lengths that will be measured at most.</param>
/// <param name="Requests">Requests that the model has answered in this search.</param>
public sealed record EffectiveContextProgress(string Task, LengthMeasurement Measurement, int Lengths, int MostLengths, int Requests);
