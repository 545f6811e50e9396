using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Several filters one after the other: the first fault counts.</summary>
public sealed class QualityFilter : IExampleFilter
{
    private readonly IExampleFilter[] filters;

    /// <summary>Puts filters together.</summary>
    /// <param name="filters">At least one; the cheap ones best come first.</param>
    /// <exception cref="ArgumentException">There is none, or one is null.</exception>
    public QualityFilter(params IReadOnlyList<IExampleFilter> filters)
    {
        ArgumentNullException.ThrowIfNull(filters);
        if (filters.Count == 0 || filters.Contains(null!)) throw new ArgumentException("There is no filter, or one is null; expected at least one.", nameof(filters));
        this.filters = [.. filters];
    }

    /// <summary>Gopher's published rules that need no language, after those on characters: a start for web text.</summary>
    public static QualityFilter Gopher() => new(new CharacterFilter(), new GopherQualityFilter(), new GopherRepetitionFilter());

    /// <inheritdoc/>
    public string Identity => string.Join("; ", filters.Select(filter => filter.Identity));

    /// <inheritdoc/>
    public FilterFault? Examine(TrainingExample example)
    {
        foreach (IExampleFilter filter in filters)
        {
            if (filter.Examine(example) is { } fault) return fault;
        }

        return null;
    }
}
