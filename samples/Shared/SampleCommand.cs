namespace LongContext.Samples.Shared;

/// <summary>What every sample does about errors and cancellation.</summary>
internal static class SampleCommand
{
    /// <param name="work">What the sample does.</param>
    /// <param name="goesOn">Where the same command goes on after a cancellation, such as "from the last checkpoint"; null if it begins anew.</param>
    public static async Task<int> RunAsync(Func<Task> work, string? goesOn = null)
    {
        try
        {
            await work();
            return 0;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(goesOn is null ? "Cancelled." : $"Cancelled. The same command goes on {goesOn}.");
            return 130;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or InvalidDataException || IsNamedByTheLibrary(e))
        {
            // What a user can mend gets one line; anything else is a bug and keeps its stack trace.
            await Console.Error.WriteLineAsync("Error: " + Plain(e.Message));
            return 1;
        }
    }

    /// <summary>Exceptions of the library's own (and <see cref="UsageException"/>) say what is wrong with files, data or a run. Not by their types: not every sample has all of its packages.</summary>
    private static bool IsNamedByTheLibrary(Exception e) => e.GetType().Namespace?.StartsWith(nameof(LongContext), StringComparison.Ordinal) ?? false;

    /// <summary>What servers and files say may hold characters that do things to a terminal.</summary>
    private static string Plain(string message) => string.Concat(message.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));
}
