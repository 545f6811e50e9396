namespace LongContext.Evaluation.Runs;

/// <summary>What a run's requests add up to.</summary>
internal sealed class RequestCounters
{
    private readonly Lock state = new();
    private int requests, fromCache, retries;
    private long inputTokens, outputTokens;
    private decimal cost;

    public void Answered(ModelRequest request, ModelResponse response)
    {
        lock (state)
        {
            requests++;
            inputTokens += response.InputTokens;
            outputTokens += response.OutputTokens;
            cost += request.Model.Price?.Of(response.InputTokens, response.OutputTokens) ?? 0;
        }
    }

    public void Reused() => Interlocked.Increment(ref fromCache);

    public void Retried() => Interlocked.Increment(ref retries);

    public EvaluationProgress AddTo(EvaluationProgress progress)
    {
        lock (state)
        {
            return progress with
            {
                Requests = requests,
                FromCache = Volatile.Read(ref fromCache),
                Retries = Volatile.Read(ref retries),
                InputTokens = inputTokens,
                OutputTokens = outputTokens,
                Cost = cost,
            };
        }
    }
}
