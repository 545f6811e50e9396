namespace LongContext.Data.Cleaning;

/// <summary>Union-find over numbers added one after the other; a set's name is its least number.</summary>
internal sealed class DisjointSets
{
    private readonly List<int> parents = [];

    public void Add() => parents.Add(parents.Count);

    public int Find(int number)
    {
        while (parents[number] != number) number = parents[number] = parents[parents[number]];
        return number;
    }

    public void Union(int first, int second)
    {
        (first, second) = (Find(first), Find(second));
        if (first < second) parents[second] = first;
        else parents[first] = second;
    }
}
