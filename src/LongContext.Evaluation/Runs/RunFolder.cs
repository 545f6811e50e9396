using LongContext.Data.Caching;

namespace LongContext.Evaluation.Runs;

/// <summary>What a run keeps, in a folder that is its own while it runs, or in memory.</summary>
internal sealed class RunFolder : IDisposable
{
    private const string LockName = "run.lock";

    private readonly TokenCacheLock? held;

    /// <exception cref="EvaluationRunException">The folder cannot be used, or another run uses it.</exception>
    public RunFolder(string? folder, TimeProvider time)
    {
        Path = folder is null ? null : System.IO.Path.GetFullPath(folder);
        try
        {
            if (Path is not null)
            {
                Directory.CreateDirectory(Path);
                held = TokenCacheLock.TryTake(System.IO.Path.Combine(Path, LockName))
                    ?? throw new EvaluationRunException($"{Path} is in use by another run; wait for it, or use another folder.");
            }

            Responses = new ResponseStore(Path, time);
            Results = new ResultJournal(Path, time);
        }
        catch (Exception exception)
        {
            Responses?.Dispose();
            held?.Dispose();
            if (exception is IOException or UnauthorizedAccessException) throw new EvaluationRunException($"{Path} cannot be used: {exception.Message}", exception);
            throw;
        }
    }

    public string? Path { get; }

    public ResponseStore Responses { get; }

    public ResultJournal Results { get; }

    public void Flush()
    {
        Responses.Flush();
        Results.Flush();
    }

    public void Dispose()
    {
        Results.Dispose();
        Responses.Dispose();
        held?.Dispose();
    }
}
