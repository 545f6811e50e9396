using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>What a <see cref="Decontaminator"/> found in an example, before it is counted.</summary>
internal sealed record DecontaminationFinding(TrainingExample Example, NGramHit[] Hits, DecontaminationResult Result);
