import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';

/** A list of which only what is in sight is in the page. */
export function useVirtual({ count, scroller, height }) {
  const [, redraw] = useReducer(n => n + 1, 0);
  const kept = useRef(null);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(),
  };
  if (kept.current) kept.current.setOptions(options);
  else kept.current = new Virtualizer(options);
  useLayoutEffect(() => kept.current._didMount(), []);
  useLayoutEffect(() => kept.current._willUpdate());
  return kept.current;
}
