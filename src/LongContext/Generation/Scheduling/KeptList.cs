namespace LongContext.Generation.Scheduling;

/// <summary>Numbers in the order in which they were added, each at most once; adding and removing take constant time. Grows only with the largest number.</summary>
internal sealed class KeptList
{
    private const int Absent = -2, End = -1;
    private int[] before = [], after = [];
    private int first = End, last = End;

    /// <summary>The number that has been there for longest; -1 for none.</summary>
    public int First => first;

    public bool Contains(int number) => number < before.Length && before[number] != Absent;

    public void Add(int number)
    {
        if (number >= before.Length) Grow(number);
        (before[number], after[number]) = (last, End);
        if (last == End) first = number;
        else after[last] = number;
        last = number;
    }

    public void Remove(int number)
    {
        (int previous, int next) = (before[number], after[number]);
        if (previous == End) first = next;
        else after[previous] = next;
        if (next == End) last = previous;
        else before[next] = previous;
        before[number] = Absent;
    }

    private void Grow(int number)
    {
        int length = before.Length, size = Math.Max(64, Math.Max(number + 1, length * 2));
        Array.Resize(ref before, size);
        Array.Resize(ref after, size);
        Array.Fill(before, Absent, length, size - length);
    }
}
