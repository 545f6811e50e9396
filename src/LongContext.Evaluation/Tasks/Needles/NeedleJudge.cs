namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Scores an answer about a needle in place of the task, for example by asking another model.</summary>
/// <param name="item">The item: its first answer is what should be said, its property "question" what was asked.</param>
/// <param name="answer">What the model said.</param>
/// <param name="session">To ask another model by <see cref="IModelSession.AskOtherAsync"/>, so that its answers are kept.</param>
/// <param name="cancellationToken">Ends it.</param>
/// <returns>The score, 0 to 1.</returns>
public delegate ValueTask<ItemScore> NeedleJudge(EvaluationItem item, string answer, IModelSession session, CancellationToken cancellationToken);
