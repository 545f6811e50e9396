namespace LongContext.Data.Making;

/// <summary>A group of one item: it gives each item a number of its own, and passes over items that nothing can be made of.</summary>
internal sealed class MadeOfOne<TIn, TOut>(long number, Func<TIn, bool> can, Func<TIn, long, TOut> make) : IGroup<TIn, TOut>
    where TIn : class
    where TOut : class
{
    private TIn? taken;

    public GatherResult Add(TIn item)
    {
        if (!can(item)) return GatherResult.LeftOut;
        taken = item;
        return GatherResult.AddedLast;
    }

    public TOut? Complete() => make(taken!, number);
}
