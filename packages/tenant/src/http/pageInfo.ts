/** Whether there are pages around one. @param count how many it has @param total how many there are on all pages */
export const pageInfo = (offset: number, count: number, total: number) => ({
  has_next_page: offset + count < total,
  has_previous_page: offset > 0,
});
