namespace LongContext.Hosting;

/// <summary>
/// A request whose answers are asked for one by one, each at its own place: once the first has one the request is let in, and the others wait for theirs however many wait and however long.
/// </summary>
/// <remarks>It goes with the caller's context and not with the options: clients between may keep those, or send them on.</remarks>
internal sealed class Admission
{
    private static readonly AsyncLocal<Admission?> Ambient = new();
    private readonly TaskCompletionSource granted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>That of the request which is being answered here; null where it has one answer.</summary>
    public static Admission? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    /// <summary>Whether the request that is being answered here was let in.</summary>
    public static bool IsLetIn => Ambient.Value is { Granted.IsCompleted: true };

    /// <summary>Done once the request is let in.</summary>
    public Task Granted => granted.Task;

    public void Grant() => granted.TrySetResult();
}
