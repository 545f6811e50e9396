namespace LongContext.AspNetCore.Serving;

/// <summary>Something of which all requests on their way may hold so much together.</summary>
/// <param name="most">How much.</param>
internal abstract class Budget(long most)
{
    private long taken;

    /// <summary>How much is held now.</summary>
    public long Taken => Interlocked.Read(ref taken);

    /// <summary>Takes some if there is as much.</summary>
    public bool TryTake(long amount)
    {
        if (Interlocked.Add(ref taken, amount) <= most) return true;
        Interlocked.Add(ref taken, -amount);
        return false;
    }

    public void Return(long amount) => Interlocked.Add(ref taken, -amount);
}
