using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Examples of a source, some at a time, so that all cores may work on them while memory stays bounded.</summary>
internal static class ExampleBatches
{
    private const int MostExamples = 4096;
    private const long MostCharacters = 1 << 24;

    /// <summary>Works on every example by all threads, and takes the results in the source's order.</summary>
    public static void ForEach<TResult>(
        IDataSource<TrainingExample> source, int? degree, Func<TrainingExample, TResult> work, Action<TrainingExample, TResult> take, CancellationToken cancellationToken)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = degree ?? Environment.ProcessorCount, CancellationToken = cancellationToken };
        List<TrainingExample> batch = [];
        while (true)
        {
            batch.Clear();
            long characters = 0;
            while (batch.Count < MostExamples && characters < MostCharacters && source.Next(cancellationToken) is { } example)
            {
                batch.Add(example);
                characters += example.TextLength;
            }

            if (batch.Count == 0) return;
            TResult[] results = new TResult[batch.Count];
            Parallel.For(0, batch.Count, options, i => results[i] = work(batch[i]));
            for (int i = 0; i < results.Length; i++) take(batch[i], results[i]);
        }
    }
}
