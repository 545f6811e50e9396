using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Decides by an example alone whether it is kept. Used by any number of threads at a time.</summary>
public interface IExampleFilter
{
    /// <summary>The filter and its settings in one line: part of a stream's state, so that it goes on with the same ones only.</summary>
    string Identity { get; }

    /// <summary>Looks at an example.</summary>
    /// <param name="example">The example; its parts are looked at as one text.</param>
    /// <returns>The first rule that it fails, or null to keep it.</returns>
    FilterFault? Examine(TrainingExample example);
}
