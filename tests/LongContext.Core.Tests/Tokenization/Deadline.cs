namespace LongContext.Core.Tests.Tokenization;

/// <summary>Runs what hostile input might make endless.</summary>
internal static class Deadline
{
    /// <exception cref="TimeoutException">It takes longer than 20 seconds, where milliseconds are enough.</exception>
    public static Task<T> Run<T>(Func<T> work) => Task.Run(work).WaitAsync(TimeSpan.FromSeconds(20));
}
